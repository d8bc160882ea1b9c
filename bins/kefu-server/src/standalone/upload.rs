//! The mall's upload endpoint, and the way back to what was uploaded.
//!
//! Whoever is signed in may bring a file of a known kind, as often and as long as the settings allow; the name is
//! ours, and nothing of what the sender calls it is kept. Whoever has the name may fetch it, without a token: pages
//! show it in `<img>`. But whoever says who they are gets what is theirs to see and nothing else.

use std::io::Write as _;
use std::time::Duration;

use actix_files::NamedFile;
use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType, HeaderValue};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use futures_util::stream::Fuse;
use futures_util::{StreamExt as _, TryStreamExt as _};
use kefu_domain::{
    ConversationRepository, Member, Party, Refusal, Scope, ShopDirectory, ShopId, Shops, Standing, StoreError,
};
use kefu_storage::{Database, StoredFile};
use kefu_web::serving::{Params, Reply};
use kefu_web::{ApiError, Caller};
use tempfile::NamedTempFile;
use tokio::time::timeout;

use super::Standalone;
use super::login::CallerOf;
use super::magic::{FileKind, HEAD, Use};
use super::shelf::kind_of;
use crate::clock;
use crate::config::UploadSettings;
use crate::guard::{Gate, KNOWN_WITHIN};
use crate::questions::ask;

/// A phone in a train takes its time; a client that stands still does not get more than this.
const RECEIVED_WITHIN: Duration = Duration::from_secs(120);
/// Written to the disk in pieces of this size.
const PIECE: usize = 256 * 1024;

/// `POST …/infra/file/upload`: answers the address of the file.
pub(crate) async fn upload(
    state: Data<Standalone>,
    caller: CallerOf,
    params: Params,
    form: Multipart,
) -> Result<Reply<String>, ApiError> {
    let CallerOf(caller) = caller;
    let scope = match place(&state, &caller, &params).await {
        Ok(scope) => scope,
        Err(refusal) => {
            let _ = timeout(RECEIVED_WITHIN, pass_over(&state, form)).await;
            return Err(refusal);
        }
    };
    if !state.quota.has_room(caller.tenant, caller.party, clock::now()) {
        return Err(no_room());
    }
    let received = timeout(RECEIVED_WITHIN, receive(&state, form)).await.map_err(|_| broken())??;
    let name = keep(&state, scope, caller.party, received).await?;
    Ok(Reply::new(format!("{}/files/{name}", state.public_url)))
}

/// At which shop something is brought: the one that is named; else, for an admin, the first open one that they serve.
async fn place(state: &Standalone, caller: &Caller, params: &Params) -> Result<Scope, ApiError> {
    let named = params.number("shopId")?.map(ShopId);
    let wanted = match (caller.party, named) {
        (Party::Admin(_), Some(shop)) if !caller.shops.contains(&shop) => {
            return Err(ApiError::Desk(Refusal::NoSuchShop(shop).into()));
        }
        (Party::Admin(_), None) => caller.shops.clone(),
        (_, named) => Shops::from(named.unwrap_or(ShopId::PLATFORM)),
    };
    let (database, tenant) = (state.database.clone(), caller.tenant);
    ask(KNOWN_WITHIN, move || {
        let mut refusal = None;
        for &shop in wanted.iter() {
            let scope = Scope { tenant, shop };
            match database.standing(scope).map_err(|error| StoreError::Unavailable(error.0))? {
                Standing::Open => return Ok(Ok(scope)),
                Standing::Closed => refusal = refusal.or(Some(Refusal::ShopClosed(shop))),
                Standing::Unknown => refusal = refusal.or(Some(Refusal::NoSuchShop(shop))),
            }
        }
        Ok(Err(refusal.map_or(ApiError::Forbidden, |refusal| ApiError::Desk(refusal.into()))))
    })
    .await?
}

struct Received {
    file: NamedTempFile,
    kind: FileKind,
    bytes: u64,
}

/// Reads the form to its end, whatever is in it: a client that is still sending does not hear an answer.
async fn receive(state: &Standalone, mut form: Multipart) -> Result<Received, ApiError> {
    let mut received = None;
    // Twice the largest file is patience enough for a form that will be refused.
    let mut patience = state.upload.max_bytes() * 2 + PIECE as u64;
    while let Some(field) = form.try_next().await.map_err(|_| broken())? {
        let wanted = field.name() == Some("file") && received.is_none();
        // A field panics when it is asked after its end.
        let mut chunks = field.fuse();
        if wanted {
            received = Some(receive_file(state, &mut chunks, &mut patience).await);
        }
        while let Some(chunk) = next(&mut chunks).await? {
            patience = patience.checked_sub(chunk.len() as u64).ok_or_else(too_large)?;
        }
    }
    received.unwrap_or(Err(ApiError::Missing("file")))
}

/// Reads a form that was refused already, so that its sender hears why.
async fn pass_over(state: &Standalone, mut form: Multipart) -> Result<(), ApiError> {
    let mut patience = state.upload.max_bytes() + PIECE as u64;
    while let Some(mut field) = form.try_next().await.map_err(|_| broken())? {
        while let Some(chunk) = field.try_next().await.map_err(|_| broken())? {
            patience = patience.checked_sub(chunk.len() as u64).ok_or_else(too_large)?;
        }
    }
    Ok(())
}

async fn receive_file(state: &Standalone, chunks: &mut Fuse<Field>, patience: &mut u64) -> Result<Received, ApiError> {
    let shelf = state.shelf.clone();
    let mut file = on_disk(move || shelf.receive()).await?;
    let (mut kind, mut bytes, mut piece) = (None, 0_u64, Vec::new());
    while let Some(chunk) = next(chunks).await? {
        bytes += chunk.len() as u64;
        *patience = patience.saturating_sub(chunk.len() as u64);
        piece.extend_from_slice(&chunk);
        if kind.is_none() && piece.len() >= HEAD {
            kind = Some(known(&piece)?);
        }
        if bytes > kind.map_or(state.upload.max_bytes(), |kind| limit(&state.upload, kind)) {
            return Err(too_large());
        }
        if piece.len() >= PIECE {
            let full = std::mem::take(&mut piece);
            file = on_disk(move || file.write_all(&full).map(|()| file)).await?;
        }
    }
    // Files shorter than the head are judged by what there is.
    let kind = match kind {
        Some(kind) => kind,
        None => known(&piece)?,
    };
    if bytes > limit(&state.upload, kind) {
        return Err(too_large());
    }
    file = on_disk(move || file.write_all(&piece).map(|()| file)).await?;
    Ok(Received { file, kind, bytes })
}

async fn next(chunks: &mut Fuse<Field>) -> Result<Option<Bytes>, ApiError> {
    chunks.try_next().await.map_err(|_| broken())
}

/// Puts a received file on the shelf and into the books; returns its name.
async fn keep(state: &Data<Standalone>, scope: Scope, uploader: Party, received: Received) -> Result<String, ApiError> {
    let now = clock::now();
    if !state.quota.take(scope.tenant, uploader, received.bytes, now) {
        return Err(no_room());
    }
    let Received { file, kind, bytes } = received;
    let shelf = state.shelf.clone();
    let name = on_disk(move || shelf.keep(file, kind)).await?;
    let stored = StoredFile {
        name: name.clone(),
        scope,
        uploader,
        conversation: None,
        kind: kind.extension().to_owned(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        created: now,
    };
    let (database, shelf) = (state.database.clone(), state.shelf.clone());
    crate::questions::carry_out(Duration::from_secs(10), move || {
        database.add_file(&stored).inspect_err(|_| {
            // A file without a row would lie there for ever.
            if let Err(error) = shelf.discard(&stored.name) {
                tracing::warn!(%error, "an uploaded file that is in no table could not be removed");
            }
        })
    })
    .await?;
    Ok(name)
}

/// `GET /files/{name}`
pub(crate) async fn download(
    state: Data<Standalone>,
    gate: Data<Gate>,
    request: HttpRequest,
    name: Path<String>,
) -> HttpResponse {
    let (Some(kind), Some(path)) = (kind_of(&name), state.shelf.path(&name)) else { return no_such_file() };
    if let Some(visitor) = gate.visitor(&request).await {
        let (database, name) = (state.database.clone(), name.clone());
        match ask(KNOWN_WITHIN, move || is_theirs(&database, &visitor, &name)).await {
            Ok(true) => {}
            Ok(false) => return no_such_file(),
            Err(error) => return with_status(&error, StatusCode::SERVICE_UNAVAILABLE),
        }
    }
    let Ok(Ok(file)) = actix_web::web::block(move || NamedFile::open(path)).await else { return no_such_file() };
    let shown = kind.used_as() == Use::Picture;
    let disposition = ContentDisposition {
        disposition: if shown { DispositionType::Inline } else { DispositionType::Attachment },
        parameters: vec![DispositionParam::Filename(name.into_inner())],
    };
    let Ok(media) = kind.media_type().parse() else { return no_such_file() };
    let mut response = file.set_content_type(media).set_content_disposition(disposition).into_response(&request);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a file is of a shop that somebody serves or has written to, or was brought by that member.
fn is_theirs(database: &Database, visitor: &Caller, name: &str) -> Result<bool, StoreError> {
    let Some(file) = database.file(name)?.filter(|file| file.scope.tenant == visitor.tenant) else { return Ok(false) };
    match visitor.party {
        Party::Admin(_) => Ok(visitor.shops.contains(&file.scope.shop)),
        Party::Member(_) if file.uploader == visitor.party => Ok(true),
        Party::Member(id) => Ok(database.of_member(Member { scope: file.scope, id })?.is_some()),
        Party::System => Ok(false),
    }
}

/// Whoever fetches a file looks at the status.
fn no_such_file() -> HttpResponse {
    with_status(&ApiError::NotFound("/files".into()), StatusCode::NOT_FOUND)
}

fn with_status(error: &ApiError, status: StatusCode) -> HttpResponse {
    let mut response = error.error_response();
    *response.status_mut() = status;
    response
}

fn known(head: &[u8]) -> Result<FileKind, ApiError> {
    let what = "不支持的文件类型，仅支持 jpg、png、gif、webp、mp3、m4a、mp4、pdf";
    FileKind::of(head).ok_or(ApiError::Invalid(what.into()))
}

fn limit(settings: &UploadSettings, kind: FileKind) -> u64 {
    match kind.used_as() {
        Use::Picture => settings.max_picture_bytes,
        Use::Audio => settings.max_audio_bytes,
        Use::Video => settings.max_video_bytes,
        Use::Document => settings.max_document_bytes,
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, ApiError> {
    let done = actix_web::web::block(work).await.map_err(|_| ApiError::Desk(kefu::Error::Crashed))?;
    done.map_err(|error| {
        tracing::error!(%error, "an uploaded file could not be written");
        ApiError::Desk(kefu::Error::Store(kefu_domain::StoreError::Unavailable(error.into())))
    })
}

fn too_large() -> ApiError {
    ApiError::Own(400, "上传文件过大，请调整后重试".into())
}

fn no_room() -> ApiError {
    ApiError::TooMany(3_600)
}

/// The form ended early, or is none.
fn broken() -> ApiError {
    ApiError::Own(400, "上传内容不完整，请重试".into())
}
