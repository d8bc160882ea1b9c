//! Opens the example mall until Ctrl-C. With a folder as argument it remembers everything there; without one it forgets.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use example_mall::{Mall, PASSWORD};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let forgotten = tempfile::tempdir()?;
    let folder = std::env::args_os().nth(1).map_or(forgotten.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let mall = Mall::start(&folder, SocketAddr::from(([127, 0, 0, 1], 0))).await?;

    let url = format!("http://{}", mall.address());
    writeln!(
        std::io::stdout(),
        "The mall is open at {url}; Ctrl-C closes it.

Two shoppers, alice and carol, and two clerks: bob at the mall's own desk, dave at the tea shop's (3).
Everybody's password is {PASSWORD}. In another terminal:

  sign() {{ curl -s {url}/login -H 'content-type: application/json' \\
      -d \"{{\\\"name\\\":\\\"$1\\\",\\\"password\\\":\\\"{PASSWORD}\\\"}}\" | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/'; }}
  alice=$(sign alice); bob=$(sign bob)

  # Alice looks around, asks about the cup, and writes.
  curl -s {url}/shop/products
  curl -s -X POST {url}/shop/products/1/ask -H \"authorization: Bearer $alice\"
  curl -s {url}/shop/kefu-message/send -H \"authorization: Bearer $alice\" \\
      -H 'content-type: application/json' -d '{{\"contentType\":1,\"content\":\"Is it still hot after a day?\"}}'

  # Bob sees her, under the name that the mall's own table has, and answers.
  curl -s {url}/office/kefu-conversation/list -H \"authorization: Bearer $bob\"
  curl -s {url}/office/kefu-message/send -H \"authorization: Bearer $bob\" \\
      -H 'content-type: application/json' -d '{{\"conversationId\":1,\"contentType\":1,\"content\":\"Warm.\"}}'

  # Her page listens at ws://{}/live/ws?token=... and says \"ping\" every few seconds.",
        mall.address()
    )?;
    std::io::stdout().flush()?;

    actix_web::rt::signal::ctrl_c().await?;
    mall.stop().await;
    Ok(())
}
