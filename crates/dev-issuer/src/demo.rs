//! The issuer that knows one of everything.

use crate::builder::DevIssuerBuilder;
use crate::model::{Application, Organization, OrganizationRole, Resource, Role, User};

const API: &str = "https://api.example.com";
const SCOPES: [&str; 2] = ["read:products", "write:products"];

/// Where the frameworks' own examples listen.
const PORTS: [u16; 6] = [3000, 3001, 4000, 5173, 8000, 8080];

pub(crate) fn builder() -> DevIssuerBuilder {
    let admin = OrganizationRole::new("admin").scopes(["invite:members"]).grant(API, SCOPES);
    let organization = Organization::new("org_demo", "Demo organization")
        .description("An organization for trying things out")
        .role(admin)
        .member("alice", ["admin"])
        .machine_member("demo-machine", ["admin"]);
    let alice = User::new("alice", "alice")
        .name("Alice Example")
        .full_name("Alice", "Example")
        .locale("en-GB")
        .email("alice@example.com")
        .roles(["manager"])
        .custom_data("plan", "gold");
    DevIssuerBuilder::new()
        .resource(Resource::new(API).scopes(SCOPES))
        .role(Role::new("manager").grant(API, SCOPES))
        .role(Role::new("machine").grant(API, SCOPES))
        .user(alice)
        .application(at_usual_ports(Application::web("demo-web", "demo-web-secret")))
        .application(at_usual_ports(Application::spa("demo-spa")))
        .application(Application::machine("demo-machine", "demo-secret").roles(["machine"]))
        .organization(organization)
}

fn at_usual_ports(application: Application) -> Application {
    let hosts = PORTS
        .iter()
        .flat_map(|port| [format!("http://localhost:{port}"), format!("http://127.0.0.1:{port}")]);
    hosts.fold(application, |application, host| {
        application
            .redirect_uri(format!("{host}/auth/sign-in-callback"))
            .post_logout_redirect_uri(format!("{host}/"))
            .post_logout_redirect_uri(host)
    })
}
