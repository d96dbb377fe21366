use logto_authkit_dev_issuer::{
    Application, DevIssuer, DevIssuerBuilder, IssuerConfig, Organization, OrganizationRole, Resource, Role,
    SigningAlgorithm, StartError, User,
};

use crate::browser::{API, World, http};
use crate::verify::decode;

const FILE: &str = r#"
    algorithm = "EdDSA"

    [[resources]]
    indicator = "https://api.example.com"
    scopes = ["read:products"]
    access_token_seconds = 60

    [[roles]]
    name = "reader"
    grants = [{ resource = "https://api.example.com", scopes = ["read:products"] }]

    [[users]]
    username = "alice"
    password = "wonderland"
    email = "alice@example.com"
    roles = ["reader"]
    custom_data = { plan = "gold", seats = 3 }

    [[applications]]
    kind = "machine"
    id = "robot"
    secret = "robot-secret"
    roles = ["reader"]

    [[applications]]
    kind = "spa"
    id = "spa"
    redirect_uris = ["http://localhost:3000/callback"]

    [[organizations]]
    id = "org_acme"
    name = "Acme"
    roles = [{ name = "member", scopes = ["read:members"] }]
    members = [{ user = "alice", roles = ["member"] }, { application = "robot", roles = ["member"] }]
"#;

#[tokio::test]
async fn an_issuer_can_be_described_by_a_file() {
    let config: IssuerConfig = toml::from_str(FILE).unwrap();
    let world = World::with(config.into_builder()).await;
    let form = [("grant_type", "client_credentials"), ("resource", API), ("scope", "read:products")];
    let answer = world.token("robot", &form).await;
    assert_eq!((answer.text("scope"), answer.body["expires_in"].as_i64()), ("read:products", Some(60)));
    assert_eq!(decode(answer.text("access_token")).header["alg"], "EdDSA");
    let form = [("grant_type", "client_credentials"), ("organization_id", "org_acme")];
    assert_eq!(world.token("robot", &form).await.status, 200);
}

#[test]
fn unknown_members_of_a_file_are_named() {
    for (text, name) in [
        ("colour = 1", "colour"),
        ("[[users]]\nusername = 'a'\npassword = 'b'\nage = 3", "age"),
        ("[[applications]]\nkind = 'robot'\nid = 'x'", "robot"),
        ("[[users]]\nusername = 'a'", "password"),
        ("algorithm = 'HS256'", "HS256"),
    ] {
        let error = toml::from_str::<IssuerConfig>(text).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn contradictions_name_the_entry_and_what_to_write() {
    let api = || DevIssuer::builder().resource(Resource::new(API).scopes(["read:products"]));
    let machine = |id: &str| Application::machine(id, "secret");
    let cases: Vec<(DevIssuerBuilder, &str, &str)> = vec![
        (api().resource(Resource::new(API)), "resource `https://api.example.com`", "twice"),
        (api().resource(Resource::new("api")), "resource `api`", "https://api.example.com"),
        (api().resource(Resource::new("https://x.example").scopes(["two words"])), "resource", "two words"),
        (api().role(Role::new("r").grant("https://api.example.com/", ["a"])), "role `r`", "`resources`"),
        (api().role(Role::new("r").grant(API, ["write:all"])), "role `r`", "write:all"),
        (api().user(User::new("bob", "b").roles(["ghost"])), "user `bob`", "ghost"),
        (
            api().user(User::new("bob", "b").with_id("1")).user(User::new("eve", "e").with_id("1")),
            "user id",
            "twice",
        ),
        (api().application(Application::web("w", "")), "application `w`", "secret"),
        (
            api().application(Application::web("w", "s").redirect_uri("/callback")),
            "application `w`",
            "absolute",
        ),
        (api().application(Application::web("w", "s").roles(["r"])), "application `w`", "machine"),
        (
            api().application(
                Application::web("w", "s").backchannel_logout_uri("https://shop.example/logout"),
            ),
            "application `w`",
            "http://127.0.0.1:3000",
        ),
        (api().application(machine("m")).application(machine("m")), "application `m`", "twice"),
        (
            api().organization(Organization::new("o", "O").member("ghost", [""; 0])),
            "organization `o`",
            "ghost",
        ),
        (
            api()
                .user(User::new("bob", "b"))
                .organization(Organization::new("o", "O").member("bob", ["boss"])),
            "organization `o`",
            "boss",
        ),
        (
            api().organization(
                Organization::new("o", "O").role(OrganizationRole::new("r").grant(API, ["nope"])),
            ),
            "role `r` of organization `o`",
            "nope",
        ),
    ];
    for (builder, entry, hint) in cases {
        let error = builder.start().await.unwrap_err();
        let StartError::Config(error) = &error else { panic!("{error:?}") };
        assert!(error.entry().contains(entry) && error.to_string().contains(hint), "{error}");
    }
}

#[tokio::test]
async fn a_single_page_application_with_a_secret_is_a_contradiction() {
    let config: IssuerConfig = toml::from_str("[[applications]]\nkind='spa'\nid='s'\nsecret='x'").unwrap();
    let error = config.into_builder().start().await.unwrap_err();
    assert!(error.to_string().contains("leave `secret` out"), "{error}");
}

#[tokio::test]
async fn debug_output_shows_no_secret() {
    let builder = DevIssuer::demo().user(User::new("bob", "hunter2"));
    let text = format!("{builder:?}");
    assert!(text.contains("demo-machine") && text.contains("bob"), "{text}");
    for secret in ["demo-secret", "demo-web-secret", "hunter2"] {
        assert!(!text.contains(secret), "{text}");
    }
    let issuer = builder.start().await.unwrap();
    assert!(!format!("{issuer:?} {:?}", issuer.token()).contains("demo-secret"));
}

#[tokio::test]
async fn the_demo_has_one_of_everything() {
    let issuer = DevIssuer::demo().algorithm(SigningAlgorithm::Es256).start().await.unwrap();
    let ask = |more: Vec<(&'static str, &'static str)>| {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", "demo-machine"),
            ("client_secret", "demo-secret"),
            ("scope", "read:products write:products"),
        ];
        form.extend(more);
        http().post(format!("{}/token", issuer.issuer())).form(&form).send()
    };
    for more in [vec![("resource", API)], vec![("resource", API), ("organization_id", "org_demo")]] {
        let answer: serde_json::Value = ask(more).await.unwrap().json().await.unwrap();
        assert_eq!(answer["scope"], "read:products write:products");
    }
    let token = decode(&issuer.token().sign()).payload;
    assert_eq!((token["sub"].as_str(), token["client_id"].as_str()), (Some("alice"), Some("demo-web")));
}
