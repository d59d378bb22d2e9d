fn order_events(
    Path(id): Path<OrderId>,
    resume: LastEventId,
) -> ::lift::stream::Emitted<Result<OrderEvent>> {
    use ::lift::__private as __lift;
    __lift::stream::Emitted::<
        Result<OrderEvent>,
    >::new(move |__lift_emitter| async move {
        let __lift_emitter = &__lift_emitter;
        #[allow(unused_macros, reason = "the body may emit by another macro only")]
        macro_rules! emit {
            ($item:expr $(,)?) => {
                __lift_emitter.send($item). await
            };
        }
        let mut steps = orders().watch(id, resume)?;
        while let Some(step) = steps.next().await {
            emit!(step);
        }
        #[allow(unreachable_code, reason = "a body may never end")]
        return ::core::result::Result::<
            (),
            <Result<OrderEvent> as __lift::stream::StreamResult>::Error,
        >::Ok(());
    })
}
///The endpoint `GET /orders/{id}/events`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct order_events {}
const _: () = {
    use ::lift::__private as __lift;
    impl<__LiftS, __LiftM0, __LiftM1> __lift::Endpoint<__LiftS, (__LiftM0, __LiftM1)>
    for order_events
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Path<OrderId>: __lift::Argument<__LiftS, __LiftM0>,
        LastEventId: __lift::Argument<__LiftS, __LiftM1>,
    {
        const ROUTE: &'static __lift::Route = &__lift::Route::new(
                __lift::Method::GET,
                "/orders/{id}/events",
                ::core::concat!(::core::module_path!(), "::order_events"),
            )
            .streamed()
            .described(|__lift_route| {
                use __lift::contract::traits::*;
                (&&__lift::contract::Describe::<Path<OrderId>>::NEW).input(__lift_route);
                (&&__lift::contract::Describe::<LastEventId>::NEW).input(__lift_route);
                (&&&__lift::contract::Describe::<
                    __lift::contract::Emits<Result<OrderEvent>>,
                >::NEW)
                    .response(__lift_route);
            });
        async fn serve(mut __lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            use __lift::stream::traits::*;
            const {
                __lift::one_body(
                    &[
                        <Path<
                            OrderId,
                        > as __lift::Argument<__LiftS, __LiftM0>>::READS_BODY,
                        <LastEventId as __lift::Argument<__LiftS, __LiftM1>>::READS_BODY,
                    ],
                )
            };
            let __lift_0 = __lift_call.argument::<Path<OrderId>, __LiftM0>().await;
            let __lift_1 = __lift_call.argument::<LastEventId, __LiftM1>().await;
            let (
                ::core::option::Option::Some(__lift_0),
                ::core::option::Option::Some(__lift_1),
            ) = (__lift_0, __lift_1) else {
                return __lift_call.rejection().await;
            };
            static __LIFT_STREAM: __lift::stream::Options = __lift::stream::Options::new(
                    __lift::stream::Format::Sse,
                )
                .keep_alive(15000);
            __lift_call
                .stream_emitted(
                    &__LIFT_STREAM,
                    (__lift_0, __lift_1),
                    |(__lift_0, __lift_1)| order_events(__lift_0, __lift_1),
                    |__lift_item, __lift_format, __lift_out| {
                        __lift::stream::Encode(__lift_item)
                            .write(__lift_format, __lift_out)
                    },
                )
                .await
        }
    }
};
#[get(__lift_taken)]
const _: () = ();
