//! `serve`: until somebody says stop, or says it twice.

use std::io::Write;

use actix_web::rt::System;
use futures_util::future::{Either, select};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;
use crate::config::Settings;
use crate::observe::log;
use crate::serve::{Running, prepare};
use crate::{clock, random};

/// Runs the server until SIGTERM or SIGINT, and ends without finishing anything at a second one.
pub(super) fn serve(settings: Settings, out: &mut dyn Write) -> Result<(), Failure> {
    let log = log::start(&settings.log);
    let prepared = prepare(settings)?;
    System::new().block_on(async {
        // Heard from the first moment on: a stop during the start is a stop too.
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let running = prepared.start()?;
        announce(&running, out)?;
        either(&mut terminate, &mut interrupt).await;
        let again = std::pin::pin!(either(&mut terminate, &mut interrupt));
        // Whoever says it twice does not want to wait.
        let in_order = match select(std::pin::pin!(running.stop()), again).await {
            Either::Left(_) => true,
            Either::Right(_) => {
                tracing::warn!("told to stop again; ending at once");
                false
            }
        };
        drop(log);
        // Whatever still hangs in a database that does not answer is not waited for; nothing is lost by it.
        std::process::exit(i32::from(!in_order))
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    select(std::pin::pin!(one.recv()), std::pin::pin!(other.recv())).await;
}

/// Says where the server is, and in development mode who may come in.
fn announce(running: &Running, out: &mut dyn Write) -> Result<(), Failure> {
    let url = running.public_url();
    writeln!(out, "kefu-server is listening on {}://{}", running.scheme(), running.address())?;
    if let Some((development, login)) = running.development() {
        writeln!(out, "\nDevelopment mode, tenant {}:", development.tenant())?;
        writeln!(out, "  demo page     {url}/demo")?;
        writeln!(out, "  agent login   {} / {}", login.username, login.password.reveal())?;
        let (member, agent) = (development.member(101), development.agent());
        let (member_id, agent_id) = (member.id, agent.id);
        let member = development.sign(member, clock::now())?;
        writeln!(out, "  member {member_id}    {member}")?;
        writeln!(out, "  agent  {agent_id}    {}", development.sign(agent, clock::now())?)?;
        writeln!(out, "\nSend a message:\n  curl '{url}/app-api/promotion/kefu-message/send' \\")?;
        writeln!(out, "    -H 'Authorization: Bearer {member}' -H 'Content-Type: application/json' \\")?;
        writeln!(out, "    -d '{{\"contentType\":1,\"content\":\"hello\",\"clientMsgId\":\"{}\"}}'", random::name()?)?;
    }
    out.flush()?;
    Ok(())
}
