async fn chat(
    said: Said,
    conn: Connection,
    Path(room): Path<String>,
) -> Result<Option<Reply>> {
    conn.room(room).broadcast(&said).await?;
    Ok(None)
}
///The endpoint `GET /chat/{room}`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct chat {}
const _: () = {
    use ::lift::__private as __lift;
    const __LIFT_CHECKS: __lift::validate::Options = __lift::validate::Options::new();
    #[allow(unused_imports, reason = "it is there for what the next one does not bring")]
    use __lift::websocket::fallback::*;
    use join as __lift_connect;
    const _: () = __lift::websocket::is_hook::<__lift_connect>();
    #[allow(unused_imports, reason = "it is there for what the next one does not bring")]
    use __lift::websocket::fallback::*;
    use hooks::leave as __lift_disconnect;
    const _: () = __lift::websocket::is_hook::<__lift_disconnect>();
    impl<
        __LiftS,
        __LiftM1,
        __LiftM2,
        __LiftC,
        __LiftD,
    > __lift::Endpoint<__LiftS, (__LiftM1, __LiftM2, __LiftC, __LiftD)> for chat
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Connection: __lift::Argument<__LiftS, __LiftM1>,
        Path<String>: __lift::Argument<__LiftS, __LiftM2>,
        __lift_connect: __lift::websocket::Hook<__LiftS, __LiftC>,
        __lift_disconnect: __lift::websocket::Hook<__LiftS, __LiftD>,
        __LiftM1: 'static,
        __LiftM2: 'static,
        __LiftC: 'static,
        __LiftD: 'static,
    {
        const ROUTE: &'static __lift::Route = &__lift::Route::new(
                __lift::Method::GET,
                "/chat/{room}",
                ::core::concat!(::core::module_path!(), "::chat"),
            )
            .no_tenant()
            .validated()
            .websocket()
            .described(|__lift_route| {
                use __lift::contract::traits::*;
                __lift_route.checked(&__LIFT_CHECKS);
                (&&__lift::contract::Describe::<Connection>::NEW).input(__lift_route);
                (&&__lift::contract::Describe::<Path<String>>::NEW).input(__lift_route);
            });
        async fn serve(__lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            __lift_call.websocket::<Self, (__LiftM1, __LiftM2, __LiftC, __LiftD)>().await
        }
    }
    impl<
        __LiftS,
        __LiftM1,
        __LiftM2,
        __LiftC,
        __LiftD,
    > __lift::websocket::Socket<__LiftS, (__LiftM1, __LiftM2, __LiftC, __LiftD)> for chat
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Connection: __lift::Argument<__LiftS, __LiftM1>,
        Path<String>: __lift::Argument<__LiftS, __LiftM2>,
        __lift_connect: __lift::websocket::Hook<__LiftS, __LiftC>,
        __lift_disconnect: __lift::websocket::Hook<__LiftS, __LiftD>,
        __LiftM1: 'static,
        __LiftM2: 'static,
        __LiftC: 'static,
        __LiftD: 'static,
    {
        const OPTIONS: &'static __lift::websocket::Options = &__lift::websocket::Options::new()
            .max_message(16384)
            .buffer_bytes(262144)
            .ping(20000)
            .idle_timeout(300000)
            .write_timeout(5000)
            .buffer(64)
            .rate(20, 1000)
            .origins(&["https://shop.example", "http://localhost:3000"])
            .connects()
            .disconnects();
        async fn connect(__lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            <__lift_connect as __lift::websocket::Hook<
                __LiftS,
                __LiftC,
            >>::serve(__lift_call)
                .await
        }
        async fn disconnect(__lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            <__lift_disconnect as __lift::websocket::Hook<
                __LiftS,
                __LiftD,
            >>::serve(__lift_call)
                .await
        }
        async fn message(
            __lift_call: &mut __lift::Call<__LiftS>,
            __lift_message: __lift::websocket::Message,
        ) -> __lift::websocket::Answer {
            use __lift::{Infallibly as _, websocket::traits::*, validate::traits::*};
            let __lift_0 = (&&&&__lift::websocket::Take::<Said>::NEW)
                .take(__lift_call, __lift_message, &__LIFT_CHECKS);
            let __lift_1 = (&&&__lift::validate::Check::<Connection>::NEW)
                .take::<__LiftS, __LiftM1>(__lift_call, &__LIFT_CHECKS)
                .await;
            let __lift_2 = (&&&__lift::validate::Check::<Path<String>>::NEW)
                .take::<__LiftS, __LiftM2>(__lift_call, &__LIFT_CHECKS)
                .await;
            let (
                ::core::option::Option::Some(__lift_0),
                ::core::option::Option::Some(__lift_1),
                ::core::option::Option::Some(__lift_2),
            ) = (__lift_0, __lift_1, __lift_2) else {
                return __lift_call.refused().await;
            };
            let mut __lift_well = true;
            let __lift_found = {
                let (said, conn) = (&__lift_0, &__lift_1);
                __lift::validate::Verdict(allowed(said, conn)).violations().await
            };
            __lift_well &= __lift_call.judge(&__LIFT_CHECKS, __lift_found);
            if !__lift_well {
                return __lift_call.refused().await;
            }
            let __lift_answer = __lift::Returned(
                    chat(__lift_0, __lift_1, __lift_2).await,
                )
                .split()?;
            let ::core::option::Option::Some(__lift_answer) = __lift::websocket::Said(
                    __lift_answer,
                )
                .some() else {
                return ::core::result::Result::Ok(::core::option::Option::None);
            };
            __lift::websocket::Reply(__lift_answer).message()
        }
    }
};
#[validate(__lift_taken)]
const _: () = ();
