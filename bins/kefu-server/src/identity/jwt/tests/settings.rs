//! What the settings have tokens say, and who has no number.

use super::*;

#[track_caller]
fn who(settings: &JwtSettings, claims: &Value) -> Option<(Party, TenantId)> {
    identify_as(settings, &signed(claims)).map(|identity| (identity.party, identity.tenant))
}

#[test]
fn a_name_that_is_no_number_gets_a_number_of_ours() {
    accepted(&with("id", json!("u-17")), Party::Member(MemberId(-17)));
    accepted(&with("id", json!("1785234523452345345")), Party::Member(MemberId(-17)));
    let identities = identities(Keys::secret(SECRET), &JwtSettings::default(), forgetful());
    let token = Token::new(&signed(&with("id", json!("u-17")))).unwrap();

    assert_eq!(identities.0.known_at(&token, NOW), None, "the database is asked once");
    assert_eq!(identities.0.without_asking_at(&token, NOW), None, "and nobody is guessed meanwhile");
    identities.0.ask_at(&token, NOW).unwrap().identity().unwrap();
    assert!(identities.0.known_at(&token, NOW).unwrap().identity().is_some());
    assert!(identities.0.without_asking_at(&token, NOW).is_some());
}

#[test]
fn claims_are_found_under_the_names_of_the_settings() {
    let settings = JwtSettings {
        claim_id: "sub".into(),
        claim_type: "https://mall.example/kind".into(),
        member_value: "customer".into(),
        admin_value: "staff".into(),
        claim_tenant: "org.number".into(),
        claim_nickname: "profile.name".into(),
        claim_permissions: "realm_access.roles".into(),
        claim_shops: "org.shops".into(),
        roles: toml::from_str::<std::collections::HashMap<String, crate::config::Roles>>(
            r#"roles = ["kefu lead=manager", "listener=promotion:kefu-message:query", "listener=observer"]"#,
        )
        .unwrap()
        .remove("roles")
        .unwrap(),
        ..JwtSettings::default()
    };
    let claims = json!({
        "sub": "7", "https://mall.example/kind": "staff", "exp": SOON, "profile": {"name": "Ann"},
        "org": {"number": 3, "shops": ["2", 5]}, "realm_access": {"roles": ["listener", "promotion:kefu-message:send", "x"]},
        "id": 1, "type": 1, "tenant": 1,
    });

    let identity = identify_as(&settings, &signed(&claims)).unwrap();

    assert_eq!((identity.party, identity.tenant), (Party::Admin(AdminId(7)), TenantId(3)));
    assert_eq!(identity.profile.nickname.as_deref(), Some("Ann"));
    assert_eq!(
        identity.permissions,
        [Permission::ConversationQuery, Permission::MessageSend, Permission::MessageQuery]
    );
    assert_eq!(identity.shops, [ShopId(2), ShopId(5)].into_iter().collect());
    let mut lead = claims.clone();
    lead["realm_access"] = json!({"roles": ["kefu lead"]});
    assert_eq!(identify_as(&settings, &signed(&lead)).unwrap().permissions, Permission::ALL);
    for kind in [json!("2"), json!("admin"), json!(2), json!("Staff"), json!(["staff"])] {
        let mut claims = claims.clone();
        claims["https://mall.example/kind"] = kind;
        assert_eq!(who(&settings, &claims), None, "{claims}");
    }
}

#[test]
fn what_a_token_leaves_out_comes_from_the_settings_and_what_makes_no_sense_does_not() {
    use crate::config::DefaultType;
    let settings = JwtSettings { default_type: DefaultType::Member, default_tenant: Some(4), ..JwtSettings::default() };
    let bare = json!({"id": 101, "exp": SOON});
    let with = |name: &str, value: Value| {
        let mut claims = bare.clone();
        claims[name] = value;
        claims
    };

    assert_eq!(who(&settings, &bare), Some((Party::Member(MemberId(101)), TenantId(4))));
    assert_eq!(who(&settings, &with("tenant", Value::Null)), Some((Party::Member(MemberId(101)), TenantId(4))));
    assert_eq!(who(&settings, &with("type", json!(2))), Some((Party::Admin(AdminId(101)), TenantId(4))));
    assert_eq!(who(&settings, &with("type", json!("boss"))), None);
    assert_eq!(who(&settings, &with("tenant", json!("x"))), None);
    assert_eq!(who(&JwtSettings::default(), &bare), None);
    let agents = JwtSettings { default_type: DefaultType::Admin, ..settings };
    assert_eq!(who(&agents, &bare), Some((Party::Admin(AdminId(101)), TenantId(4))));
}

#[test]
fn an_agents_shops_are_the_claims_and_the_platform_where_there_is_none() {
    let shops = |value: Value| {
        let mut claims = with("shops", value);
        claims["type"] = json!(2);
        identify(&signed(&claims)).map(|identity| identity.shops)
    };

    assert_eq!(shops(Value::Null), Some(Shops::platform()));
    assert_eq!(shops(json!([3, 4])), Some([ShopId(3), ShopId(4)].into_iter().collect()));
    assert_eq!(shops(json!(3)), Some([ShopId(3)].into_iter().collect()));
    assert_eq!(shops(json!([])), Some([].into_iter().collect()), "none at all, and not the platform");
    for nonsense in [json!(["x"]), json!([-1]), json!([1.5]), json!({"3": true}), json!([[3]])] {
        assert_eq!(shops(nonsense.clone()), None, "{nonsense}");
    }
}

#[test]
fn a_claim_that_stands_twice_is_nobodys() {
    use base64::Engine as _;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let signed = |payload: &str| {
        let body = format!("{}.{}", encode(r#"{"alg":"HS256"}"#), encode(payload));
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        format!("{body}.{}", jsonwebtoken::crypto::sign(body.as_bytes(), &key, Algorithm::HS256).unwrap())
    };

    assert!(identify(&signed(&member().to_string())).is_some());
    assert_eq!(identify(&signed(&format!(r#"{{"id":1,"id":101,"type":1,"tenant":1,"exp":{SOON}}}"#))), None);
}

#[test]
fn a_token_of_another_issuer_or_for_another_audience_is_nobodys() {
    let settings = JwtSettings { issuer: "https://id.mall".into(), audience: "kefu".into(), ..JwtSettings::default() };
    let claims = |issuer: Value, audience: Value| {
        let mut claims = member();
        claims["iss"] = issuer;
        claims["aud"] = audience;
        claims
    };
    let (ours, kefu) = (json!("https://id.mall"), json!("kefu"));

    assert!(who(&settings, &claims(ours.clone(), kefu.clone())).is_some());
    assert!(who(&settings, &claims(ours.clone(), json!(["account", "kefu"]))).is_some());
    for (issuer, audience) in [
        (json!("https://id.mall/"), kefu.clone()),
        (Value::Null, kefu.clone()),
        (json!(7), kefu.clone()),
        (ours.clone(), Value::Null),
        (ours.clone(), json!("account")),
        (ours.clone(), json!([])),
        (ours, json!({"kefu": 1})),
    ] {
        assert_eq!(who(&settings, &claims(issuer.clone(), audience.clone())), None, "{issuer} {audience}");
    }
    assert_eq!(who(&settings, &member()), None);
}

#[test]
fn a_token_that_demands_what_we_do_not_know_is_nobodys() {
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);

    let token = encode(&header, &member(), &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();

    assert_eq!(identify(&token), None);
}
