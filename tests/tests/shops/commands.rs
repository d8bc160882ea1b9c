//! The same on the command line, while the server runs.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use kefu_tests::{Server, off_the_runtime, on_both};

use crate::people::{PASSWORD, listed, login, mall, opened};
use crate::{A, B};

/// Whether a command did its work, and what it said.
async fn run(server: &Server, set: &[(&str, &str)], command: &[&str]) -> (bool, Vec<String>) {
    let program = server.program(command.iter().copied());
    off_the_runtime(|| {
        let mut running = Command::new(&program.path)
            .args(&program.arguments)
            .envs(set.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // A command that asks for no password may be gone before it could read one.
        let _ = writeln!(running.stdin.take().expect("piped"), "{PASSWORD}");
        let output = running.wait_with_output().expect("it ends");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).expect("a text"));
        let lines = said.iter().flat_map(|said| said.lines()).map(str::to_owned);
        (output.status.success(), lines.collect())
    })
}

async fn done(server: &Server, command: &[&str]) -> Vec<String> {
    done_with(server, &[], command).await
}

/// With these variables in the environment.
async fn done_with(server: &Server, set: &[(&str, &str)], command: &[&str]) -> Vec<String> {
    let (success, lines) = run(server, set, command).await;
    assert!(success, "{command:?}: {lines:?}");
    lines
}

async fn refused(server: &Server, command: &[&str]) -> String {
    let (success, lines) = run(server, &[], command).await;
    assert!(!success, "{command:?}: {lines:?}");
    lines.concat()
}

on_both! {
    async fn shops_and_their_agents_are_kept_from_the_command_line(backend) {
        let world = mall(backend).await;
        let server = &world.server;

        assert_eq!(done(server, &["shop", "add", "小店"]).await, ["added shop 7 (小店) to tenant 1"]);
        assert_eq!(done(server, &["shop", "add", "x", "--tenant", "2", "--id", "5"]).await, ["added shop 5 (x) to tenant 2"]);
        let added = done(server, &["admin", "add", "lili", "--shop", "5", "--shop", "6", "--password-stdin"]).await;
        assert!(added[0].starts_with("added lili"), "{added:?}");
        done(server, &["admin", "add", "lulu", "--password-stdin"]).await;

        let (at_a, at_b, agent) = off_the_runtime(|| {
            let alice = world.member(101);
            let places = (opened(&alice, A), opened(&alice, B));
            let agent = login(&world, "lili");
            assert_eq!(listed(&agent, ""), [places.1, places.0]);
            assert_eq!(listed(&login(&world, "lulu"), ""), [] as [i64; 0], "the platform, unless said otherwise");
            (places.0, places.1, agent)
        });
        let mut socket = off_the_runtime(|| agent.listen());
        assert_eq!(done(server, &["shop", "revoke", "5", "lili"]).await, ["lili now serves 6"]);
        assert!(off_the_runtime(|| socket.ends_within(Duration::from_secs(5))));
        off_the_runtime(|| assert_eq!(listed(&login(&world, "lili"), ""), [at_b]));
        assert_eq!(done(server, &["shop", "grant", "5", "lulu"]).await, ["lulu now serves 0,5"]);
        let by_the_mall = [("KEFU_MALL__TOKENS", "http"), ("KEFU_MALL__URL", "http://127.0.0.1:9")];
        let granted = done_with(server, &by_the_mall, &["shop", "grant", "6", "4711"]).await;
        assert_eq!(granted, ["4711 now serves 0,6"]);
        let revoked = done_with(server, &by_the_mall, &["shop", "revoke", "0", "4711"]).await;
        assert_eq!(revoked, ["4711 now serves 6"]);
        off_the_runtime(|| assert_eq!(listed(&login(&world, "lulu"), ""), [at_a]));
        assert_eq!(done(server, &["shop", "close", "7"]).await, ["shop 7 is closed"]);

        let shops = done(server, &["shop", "list"]).await;
        assert_eq!(shops, ["0\t(platform)\topen\tlulu", "5\tshop 5\topen\tlulu", "6\tshop 6\topen\t4711,lili", "7\t小店\tclosed\t"]);
        let agents = done(server, &["admin", "list"]).await;
        assert!(agents[0].ends_with("\tlili\tenabled\tagent\t6"), "{agents:?}");
        assert!(agents[1].ends_with("\tlulu\tenabled\tagent\t0,5"), "{agents:?}");
        assert_eq!(done(server, &["shop", "open", "7"]).await, ["shop 7 is open"]);
        assert_eq!(done(server, &["shop", "list", "--tenant", "2"]).await, ["0\t(platform)\topen\t", "5\tx\topen\t"]);
    }

    async fn whose_shops_are_in_their_token_is_said_to_need_no_grant(backend) {
        let world = mall(backend).await;
        let server = &world.server;
        done(server, &["admin", "add", "lili", "--password-stdin"]).await;

        for (command, served) in [(["shop", "grant", "5", "7"], "0,5"), (["shop", "revoke", "5", "7"], "0")] {
            let said = done(server, &command).await;
            let [noted, now] = &said[..] else { panic!("{said:?}") };
            assert!(noted.contains("mall.tokens is empty") && noted.contains("the shops of its claim"), "{noted}");
            assert_eq!(*now, format!("7 now serves {served}"));
        }
        assert_eq!(done(server, &["shop", "grant", "5", "lili"]).await, ["lili now serves 0,5"], "an account of ours");
    }

    async fn the_last_number_of_a_shop_has_no_next(backend) {
        let world = mall(backend).await;
        done(&world.server, &["shop", "add", "last", "--id", "9007199254740991"]).await;

        let said = refused(&world.server, &["shop", "add", "one more"]).await;

        assert!(said.contains("the last that there is"), "{said}");
        assert_eq!(done(&world.server, &["shop", "list"]).await.len(), 4);
    }

    async fn what_makes_no_sense_is_said_and_changes_nothing(backend) {
        let world = mall(backend).await;
        let server = &world.server;
        done(server, &["admin", "add", "lili", "--tenant", "2", "--password-stdin"]).await;
        let theirs = off_the_runtime(|| world.database().accounts(kefu_domain::TenantId(2)).unwrap()[0].id.to_string());

        for (command, why) in [
            (&["shop", "add", ""][..], "1 to 64 characters"),
            (&["shop", "add", "x", "--id", "5"], "a shop of that number already"),
            (&["shop", "add", "x", "--id", "0"], "at least 1"),
            (&["shop", "add", "x", "--tenant", "9"], "tenant 9 does not exist"),
            (&["shop", "close", "0"], "always open"),
            (&["shop", "close", "99"], "tenant 1 has no shop 99"),
            (&["shop", "open", "5", "--tenant", "2"], "tenant 2 has no shop 5"),
            (&["shop", "grant", "99", "7"], "tenant 1 has no shop 99"),
            (&["shop", "grant", "5", "lili"], "tenant 1 has no agent lili"),
            (&["shop", "grant", "5", &theirs], "tenant 1 has no agent"),
            (&["shop", "revoke", "5", "7"], "7 does not serve shop 5"),
            (&["admin", "add", "lulu", "--shop", "99", "--password-stdin"], "tenant 1 has no shop 99"),
        ] {
            let said = refused(server, command).await;
            assert!(said.contains(why), "{command:?}: {said}");
        }
        assert_eq!(done(server, &["shop", "list"]).await.len(), 3);
        off_the_runtime(|| assert!(world.database().accounts(kefu_domain::TenantId(1)).unwrap().is_empty()));
    }
}
