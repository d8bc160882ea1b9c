//! The page that walks an operator through the move, in its two languages.

const ENGLISH: &str = include_str!("../../../docs/YUDAO.md");
const CHINESE: &str = include_str!("../../../docs/YUDAO.zh-CN.md");
const RULES: &str = include_str!("../../../docs/nginx/kefu-beside-mall.conf");

/// The lines that one types, without the remarks behind them.
fn typed(page: &str) -> Vec<&str> {
    let mut inside = false;
    let lines = page.lines().map(|line| line.trim_start_matches("> "));
    let typed = lines.filter(|line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        inside && !fence
    });
    typed.map(|line| line.split("  #").next().unwrap_or(line).trim_end()).collect()
}

#[test]
fn both_languages_have_the_same_commands() {
    let english = typed(ENGLISH);

    assert!(english.len() > 100, "{}", english.len());
    assert_eq!(english, typed(CHINESE));
}

#[test]
fn what_the_page_changes_in_the_rules_stands_there() {
    for text in ["upstream kefu", "upstream mall", "set $kefu_closed", "listen 80;", "/var/log/nginx/"] {
        assert!(RULES.contains(text), "{text}");
        let in_a_pattern = text.replace('$', "\\$");
        assert!(ENGLISH.contains(text) || ENGLISH.contains(&in_a_pattern), "{text}");
    }
}
