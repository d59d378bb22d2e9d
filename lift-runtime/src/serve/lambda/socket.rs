//! API Gateway's [WebSocket events](https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html):
//! what connects, speaks and leaves becomes a request to the route that the connection is for.
//!
//! Such an API has no paths, so that of the route comes with the handshake, as `?path=/chat/blue`. Later events say which
//! connection they are of and nothing else; the rest is what was kept of it.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, StatusCode, Uri};
use lambda_runtime::Diagnostic;
use serde::de::DeserializeSeed as _;
use tower_service::Service as _;

use super::event::{Event, Source};
use super::fields::Pairs;
use super::request::{client, complete, encode, is_path, malformed};
use super::{Answer, Function};
use crate::context::{Known, Origin};
use crate::error::{Error, Result};
use crate::websocket::{Arrival, Message, Peer, Record, unknown};

/// What an event tells of a connection.
pub(super) struct Incoming {
    peer: Peer,
    news: News,
}

enum News {
    Connect { uri: Uri, headers: HeaderMap, client: Option<SocketAddr> },
    Message(Message),
    Disconnect,
}

impl Incoming {
    /// Reads an event.
    ///
    /// # Errors
    /// 400 if it does not say what it should, such as, when it connects, which route by `?path=`.
    pub(super) fn read(event: Event<'_>, base_path: Option<&str>) -> Result<Self> {
        let context = &event.request_context;
        let id = context.connection_id.as_deref().unwrap_or_default();
        let domain = context.domain_name.as_deref().unwrap_or_default();
        let stage = context.stage.as_deref().unwrap_or_default();
        // A domain of the app's own stands for a stage, and may serve it below a path.
        let below = if domain.contains(".execute-api.") {
            format!("/{stage}")
        } else {
            base_path.unwrap_or_default().to_owned()
        };
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_word(id) || !is_word(domain) || !below.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("connection"));
        }
        let since = context.connected_at.unwrap_or_default();
        let peer = Peer { id: id.into(), endpoint: format!("https://{domain}{below}").into(), since };
        let news = match context.event_type.as_deref() {
            Some("CONNECT") => connect(event)?,
            Some("MESSAGE") => News::Message(message(&event)?),
            Some("DISCONNECT") => News::Disconnect,
            _ => return Err(malformed("event type")),
        };
        Ok(Self { peer, news })
    }
}

fn connect(event: Event<'_>) -> Result<News> {
    let uri = uri(&event)?;
    let Event { headers, multi_value_headers, request_context, .. } = event;
    let headers =
        multi_value_headers.filter(|headers| !headers.map.is_empty()).or(headers).unwrap_or_default();
    let headers = complete(headers, None, &request_context)?;
    let client = client(&request_context, &headers).map(|address| SocketAddr::new(address, 0));
    Ok(News::Connect { uri, headers, client })
}

/// The route's path, and the query without it.
fn uri(event: &Event<'_>) -> Result<Uri> {
    let (mut path, mut query) = (None, form_urlencoded::Serializer::new(String::new()));
    let maps = [event.multi_value_query_string_parameters, event.query_string_parameters];
    if let Some(map) = maps.into_iter().flatten().find(|map| !matches!(map.get(), "null" | "{}")) {
        let each = |name: &str, value: &str| match name {
            "path" if path.is_none() => path = Some(value.to_owned()),
            _ => drop(query.append_pair(name, value)),
        };
        let mut json = serde_json::Deserializer::from_str(map.get());
        Pairs(each).deserialize(&mut json).map_err(|_| malformed("query"))?;
    }
    let Some(path) = path.filter(|path| path.starts_with('/')) else {
        let detail = "A WebSocket API has no paths: connect with the route's in the query, such as `?path=/chat/blue`.";
        return Err(Error::bad_request(detail).with_code("path_required"));
    };
    let (mut target, query) = (String::new(), query.finish());
    // It came decoded.
    encode(&mut target, &path, |byte| is_path(byte) && byte != b'%');
    if !query.is_empty() {
        target.push('?');
        target.push_str(&query);
    }
    target.parse().map_err(|_| malformed("path"))
}

fn message(event: &Event<'_>) -> Result<Message> {
    let text = event.body.as_deref().unwrap_or_default();
    if event.is_base64() {
        return Ok(BASE64_STANDARD.decode(text).map_err(|_| malformed("base64 body"))?.into());
    }
    Ok(text.into())
}

impl Function {
    /// Answers an event of a WebSocket API. What the answer says is heard when a client connects only.
    pub(super) async fn socket(&self, incoming: Incoming, origin: Origin) -> Result<Answer, Diagnostic> {
        let (id, endpoint) = (incoming.peer.id.clone(), incoming.peer.endpoint.clone());
        let response = match self.arrive(incoming, origin.clone()).await {
            Ok(Some(request)) => {
                let Ok(response) = self.router.clone().call(request).await;
                response
            }
            // Nobody knows it: what it was for cannot be told any more.
            Ok(None) => match self.shared.connections.network.gateway.close(&endpoint, &id).await {
                Ok(()) => StatusCode::GONE.into_response(),
                Err(error) => self.refusal(&origin, error).await,
            },
            Err(error) => self.refusal(&origin, error).await,
        };
        self.answer(Source::Http, &origin, response).await
    }

    /// The event as a request; `None` for a message on a connection that is not known.
    async fn arrive(&self, incoming: Incoming, mut origin: Origin) -> Result<Option<Request>> {
        let Incoming { peer, news } = incoming;
        let mut request = Request::new(Body::empty());
        let (arrival, client) = match news {
            News::Connect { uri, headers, client } => {
                if !self.special.is_websocket(uri.path()) {
                    return Err(Error::not_found("There is no WebSocket at this path."));
                }
                (*request.uri_mut(), *request.headers_mut()) = (uri, headers);
                (Arrival::Connect(peer), client)
            }
            News::Message(message) => {
                let Some(record) = self.known(&peer, &mut origin, &mut request).await? else {
                    return Ok(None);
                };
                (Arrival::Message(peer, record.expires, message), None)
            }
            News::Disconnect => {
                let Some(record) = self.known(&peer, &mut origin, &mut request).await? else {
                    return Err(unknown());
                };
                (Arrival::Disconnect(peer, record.expires), None)
            }
        };
        let extensions = request.extensions_mut();
        if let Some(client) = client {
            extensions.insert(ConnectInfo(client));
        }
        extensions.insert(origin);
        extensions.insert(arrival);
        Ok(Some(request))
    }

    /// Makes the request that of a connection once more, if it is known.
    async fn known(&self, peer: &Peer, origin: &mut Origin, request: &mut Request) -> Result<Option<Record>> {
        let Some(record) = self.shared.connections.network.find(&peer.id).await? else { return Ok(None) };
        let record = Record::read(&record)?;
        *request.uri_mut() = record.uri()?;
        *request.headers_mut() = record.headers();
        origin.claims.clone_from(&record.claims);
        origin.known = Some(Known { tenant: record.tenant()?, caller: record.caller.clone() });
        Ok(Some(record))
    }
}
