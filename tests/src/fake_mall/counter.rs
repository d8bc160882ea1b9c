//! The mall's counter: takes requests in, counts them, and answers, or not.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_cors::Cors;
use actix_multipart::Multipart;
use actix_web::dev::ServerHandle;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Bytes, Data, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::inside::Inside;
use super::wire::{Ask, Refusal, Upload, envelope, refused};
use super::{FILES, Outage};

/// As much as the mall takes in a request.
const LARGEST: usize = 32 << 20;
/// As much as it takes in a file.
const LARGEST_FILE: usize = 16 << 20;

/// What nginx says for a mall that is away.
const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n";

/// A server that runs on a thread of its own, so that it serves tests on any runtime.
#[derive(Debug)]
pub(super) struct Counter {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Counter {
    pub(super) fn open(listener: TcpListener, inside: Arc<Inside>) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let inside = Data::from(inside);
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let cors =
                        Cors::default().allow_any_origin().allow_any_method().allow_any_header().supports_credentials();
                    App::new().app_data(inside.clone()).wrap(cors).default_service(web::to(serve))
                };
                let server = HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(0);
                let server = server.listen(listener).expect("a listener that is bound").run();
                tell.send(server.handle()).expect("somebody waits for the server");
                server.await.expect("the server runs until it is stopped");
            });
        });
        let handle = told.recv().expect("the server starts");
        Self { handle, thread: Some(thread) }
    }
}

impl Drop for Counter {
    /// Closes the counter and cuts every connection.
    fn drop(&mut self) {
        // The order is given at once; what comes back only says that it was carried out, as does the thread's end.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(inside: Data<Inside>, request: HttpRequest, body: web::Payload) -> HttpResponse {
    let ask = match read(&request, body).await {
        Ok(ask) => ask,
        Err(refusal) => return HttpResponse::Ok().json(envelope(Err(refusal))),
    };
    inside.count(&ask);
    let mut weather = inside.weather.subscribe();
    let delay = weather.borrow().delay;
    if !delay.is_zero() {
        actix_web::rt::time::sleep(delay).await;
    }
    // Whoever is kept waiting is answered as soon as the mall is well again.
    let now = weather.wait_for(|it| !matches!(it.outage, Some(Outage::Silent | Outage::Refused))).await;
    let outage = now.ok().and_then(|weather| weather.outage);
    if outage == Some(Outage::BadGateway) {
        return HttpResponse::build(StatusCode::BAD_GATEWAY).content_type("text/html").body(BAD_GATEWAY);
    }
    if let Some(name) = ask.path.strip_prefix(FILES) {
        return match inside.file(name) {
            Some(file) => HttpResponse::Ok().content_type(file.kind).body(file.bytes),
            None => HttpResponse::NotFound().finish(),
        };
    }
    HttpResponse::Ok().json(envelope(inside.answer(&ask)))
}

async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Ask, Refusal> {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let body = payload.to_bytes_limited(LARGEST).await;
    let body = body.map_err(|_| too_large())?.map_err(|_| refused(500, "系统异常"))?;
    let kind = header(header::CONTENT_TYPE.as_str());
    let mut ask = Ask {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        parameters: parameters(request.query_string()),
        authorization: header(header::AUTHORIZATION.as_str()),
        tenant: header("tenant-id").parse().ok(),
        host: request.connection_info().host().to_owned(),
        ..Ask::default()
    };
    if kind.starts_with("multipart/form-data") {
        ask.file = file_in(request, body).await?;
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        let form = parameters(&String::from_utf8_lossy(&body));
        for (name, value) in form {
            ask.parameters.entry(name).or_insert(value);
        }
    } else {
        ask.body = body.into();
    }
    Ok(ask)
}

fn parameters(text: &str) -> BTreeMap<String, String> {
    Query::<Vec<(String, String)>>::from_query(text)
        .map(|pairs| pairs.into_inner().into_iter().collect())
        .unwrap_or_default()
}

/// The field `file` of a form.
async fn file_in(request: &HttpRequest, body: Bytes) -> Result<Option<Upload>, Refusal> {
    let mut form = Multipart::new(request.headers(), stream::once(async { Ok(body) }).boxed_local());
    let broken = |_| refused(500, "系统异常");
    let mut file = None;
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        let mut bytes = Vec::new();
        while let Some(part) = field.try_next().await.map_err(broken)? {
            bytes.extend_from_slice(&part);
        }
        if bytes.len() > LARGEST_FILE {
            return Err(too_large());
        }
        if field.name() == Some("file") {
            let name = field.content_disposition().and_then(|it| it.get_filename()).unwrap_or("file").to_owned();
            let kind = field.content_type().map_or_else(|| "application/octet-stream".to_owned(), ToString::to_string);
            file = Some(Upload { name, kind, bytes });
        }
    }
    Ok(file)
}

fn too_large() -> Refusal {
    refused(400, "上传文件过大，请调整后重试")
}
