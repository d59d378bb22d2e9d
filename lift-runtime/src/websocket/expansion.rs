//! What expansions call.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use super::hook::{Hook, IsHook, fallback, is_hook};
pub use super::message::Message;
use super::message::Text;
pub use super::options::Options;
use crate::endpoint::{Call, Endpoint, Rejection, code};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::problem::Problem;
use crate::validate::expansion::{Checkable, Options as CheckOptions};
use crate::validate::{Checks, Validate, checked, unchecked};

/// What a message is answered with, if it is.
pub type Answer = Result<Option<Message>>;

/// A function with `#[websocket]`. The attribute implements it beside [`Endpoint`].
pub trait Socket<S, M>: Endpoint<S, M> {
    /// What the attribute says.
    const OPTIONS: &'static Options;

    /// Runs `connect`; without one all may connect.
    fn connect(_call: Call<S>) -> impl Future<Output = Response> + Send {
        async { ().into_response() }
    }

    /// Runs `disconnect`.
    fn disconnect(_call: Call<S>) -> impl Future<Output = Response> + Send {
        async { ().into_response() }
    }

    /// Handles one message.
    fn message(call: &mut Call<S>, message: Message) -> impl Future<Output = Answer> + Send;
}

impl<S: Clone + Send + Sync + 'static> Call<S> {
    /// Why a message's arguments could not all be taken.
    ///
    /// # Errors
    /// Always.
    pub async fn refused(&mut self) -> Answer {
        let response = self.refusal().await;
        let problem = response.extensions().get::<Arc<Problem>>().cloned();
        let problem = problem.unwrap_or_else(|| {
            let status = response.status();
            Arc::new(Problem::new(status, code(status)))
        });
        Err(Problem::clone(&problem).into())
    }
}

/// Takes the message as the type that the function's first argument has.
///
/// `(&&&Take::<T>::NEW).take(…)` finds the first of the traits below that `T` satisfies, as
/// [`Check`](crate::validate::expansion::Check) does for other arguments.
pub struct Take<T>(PhantomData<fn() -> T>);

impl<T> Take<T> {
    /// The start of the chain.
    pub const NEW: Self = Self(PhantomData);
}

/// Messages that are taken as they are.
pub trait AsIs: Sized {
    /// The message, if it is of this kind.
    ///
    /// # Errors
    /// 415 if it is of the other.
    fn of(message: Message) -> Result<Self>;
}

impl AsIs for Message {
    fn of(message: Message) -> Result<Self> {
        Ok(message)
    }
}

impl AsIs for Text {
    fn of(message: Message) -> Result<Self> {
        match message {
            Message::Text(text) => Ok(text),
            Message::Binary(_) => Err(unexpected("text", "text_expected")),
        }
    }
}

impl AsIs for String {
    fn of(message: Message) -> Result<Self> {
        Text::of(message).map(|text| text.to_string())
    }
}

impl AsIs for Bytes {
    fn of(message: Message) -> Result<Self> {
        match message {
            Message::Binary(bytes) => Ok(bytes),
            Message::Text(_) => Err(unexpected("binary", "binary_expected")),
        }
    }
}

fn unexpected(kind: &str, code: &'static str) -> Error {
    Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, format!("The message must be {kind}."))
}

/// The value of a message of JSON text, or why it is none.
fn json<S, T: DeserializeOwned>(
    call: &mut Call<S>,
    message: Message,
    read: impl FnOnce(&Bytes) -> Result<Json<T>, Rejection>,
) -> Option<T>
where
    S: Clone + Send + Sync + 'static,
{
    let text = Text::of(message).map_err(Rejection::Unreadable);
    let value = text.and_then(|text| read(&Message::Text(text).into_bytes()));
    value.map_err(|rejection| call.reject(rejection)).ok().map(|Json(value)| value)
}

/// Messages that are no JSON.
pub trait TakeAsIs<T> {
    /// Takes it; `None` if it was refused.
    fn take<S>(&self, call: &mut Call<S>, message: Message, options: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static;
}

impl<T: AsIs> TakeAsIs<T> for &&&Take<T> {
    fn take<S>(&self, call: &mut Call<S>, message: Message, _: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        T::of(message).map_err(|error| call.reject(Rejection::Unreadable(error))).ok()
    }
}

/// JSON whose value has native checks.
pub trait TakeNative<T> {
    /// Takes it; `None` if it was refused.
    fn take<S>(&self, call: &mut Call<S>, message: Message, options: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static;
}

impl<T: DeserializeOwned + Validate + JsonSchema + 'static> TakeNative<T> for &&Take<T> {
    fn take<S>(&self, call: &mut Call<S>, message: Message, options: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        json(call, message, |raw| checked::<Json<T>>(raw, options, Checks::NATIVE))
    }
}

/// JSON whose value only its schema can check.
pub trait TakeBySchema<T> {
    /// Takes it; `None` if it was refused.
    fn take<S>(&self, call: &mut Call<S>, message: Message, options: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static;
}

impl<T: DeserializeOwned + JsonSchema + 'static> TakeBySchema<T> for &Take<T> {
    fn take<S>(&self, call: &mut Call<S>, message: Message, options: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        json(call, message, |raw| checked::<Json<T>>(raw, options, Checks::BY_SCHEMA))
    }
}

/// JSON whose value nothing can check: with `#[validate]` an error at compile time.
pub trait TakeUnchecked<T> {
    /// Is there for the sake of the message when it cannot be called.
    fn take<S>(&self, call: &mut Call<S>, message: Message, options: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
        T: Checkable;
}

impl<T: DeserializeOwned> TakeUnchecked<T> for Take<T> {
    fn take<S>(&self, _: &mut Call<S>, _: Message, _: &CheckOptions) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
        T: Checkable,
    {
        unreachable!("a value with a schema takes the way above this one")
    }
}

/// A type that a message can be read as.
#[diagnostic::on_unimplemented(
    message = "a message cannot be read as `{Self}`",
    note = "the first argument of a `#[websocket]` function is the message: a type with `#[derive(Deserialize)]` for \
            JSON, `String`, `Bytes`, or `lift::websocket::Message`"
)]
pub trait Readable: Sized {
    /// Reads it.
    fn read<S>(call: &mut Call<S>, message: Message) -> Option<Self>
    where
        S: Clone + Send + Sync + 'static;
}

impl<T: DeserializeOwned> Readable for T {
    fn read<S>(call: &mut Call<S>, message: Message) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        json(call, message, unchecked)
    }
}

/// Without `#[validate]`, JSON of any type that can be read.
pub trait ReadJson<T> {
    /// Reads it; `None` if it was refused.
    fn read<S>(&self, call: &mut Call<S>, message: Message) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
        T: Readable;
}

impl<T> ReadJson<T> for Take<T> {
    fn read<S>(&self, call: &mut Call<S>, message: Message) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
        T: Readable,
    {
        T::read(call, message)
    }
}

/// Without `#[validate]`, messages that are no JSON.
pub trait ReadAsIs<T> {
    /// Reads it; `None` if it was refused.
    fn read<S>(&self, call: &mut Call<S>, message: Message) -> Option<T>
    where
        S: Clone + Send + Sync + 'static;
}

impl<T: AsIs> ReadAsIs<T> for &Take<T> {
    fn read<S>(&self, call: &mut Call<S>, message: Message) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        T::of(message).map_err(|error| call.reject(Rejection::Unreadable(error))).ok()
    }
}

/// What a function returned, `Some` of it where it may be nothing. Methods of the type win over those of the trait.
pub struct Said<T>(pub T);

impl<T> Said<Option<T>> {
    /// What is to be answered.
    pub fn some(self) -> Option<T> {
        self.0
    }
}

/// [`Said`] for what is not an `Option`.
pub trait Always {
    /// What is said.
    type Value;

    /// What is to be answered.
    fn some(self) -> Option<Self::Value>;
}

impl<T> Always for Said<T> {
    type Value = T;

    fn some(self) -> Option<T> {
        Some(self.0)
    }
}

/// Makes a message of what a function returned, found as [`Take`]'s traits are.
pub struct Reply<T>(pub T);

impl Reply<()> {
    /// Nothing is answered.
    ///
    /// # Errors
    /// None.
    pub fn message(self) -> Answer {
        Ok(None)
    }
}

/// Answers that are no JSON.
pub trait ReplyAsIs {
    /// The message.
    ///
    /// # Errors
    /// None.
    fn message(self) -> Answer;
}

impl<T: Plain> ReplyAsIs for Reply<T> {
    fn message(self) -> Answer {
        Ok(Some(self.0.into_message()))
    }
}

/// What goes as it is.
pub trait Plain {
    /// As a message.
    fn into_message(self) -> Message;
}

macro_rules! plain {
    ($($plain:ty),*) => {
        $(impl Plain for $plain {
            fn into_message(self) -> Message {
                self.into()
            }
        })*
    };
}

plain!(String, &'static str, Text, Bytes, Vec<u8>);

impl Plain for Message {
    fn into_message(self) -> Message {
        self
    }
}

/// A type that a message can be answered with.
#[diagnostic::on_unimplemented(
    message = "a message cannot be answered with `{Self}`",
    note = "a `#[websocket]` function returns nothing, a type with `#[derive(Serialize)]` for JSON, `String`, `Bytes` or \
            `lift::websocket::Message`, by itself or in an `Option`, a `Result` or both"
)]
pub trait Writable {
    /// As a message.
    ///
    /// # Errors
    /// 500 for what is no JSON.
    fn write(&self) -> Answer;
}

impl<T: Serialize> Writable for T {
    fn write(&self) -> Answer {
        Message::json(self).map(Some)
    }
}

/// Answers as JSON.
pub trait ReplyJson<T> {
    /// The message.
    ///
    /// # Errors
    /// 500 for what is no JSON.
    fn message(&self) -> Answer
    where
        T: Writable;
}

impl<T> ReplyJson<T> for Reply<T> {
    fn message(&self) -> Answer
    where
        T: Writable,
    {
        self.0.write()
    }
}
