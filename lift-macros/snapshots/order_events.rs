fn order_events(
    Path(id): Path<OrderId>,
    resume: LastEventId,
) -> ::lift::stream::Emitted<Result<OrderEvent>> {
    ::lift::stream::Emitted::new(move |__lift_emitter| async move {
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
        ::core::result::Result::<
            (),
            <Result<OrderEvent> as ::lift::__private::stream::StreamResult>::Error,
        >::Ok(())
    })
}
///The endpoint `GET /orders/{id}/events`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct order_events {}
impl<
    __LiftS,
    __LiftM0,
    __LiftM1,
> ::lift::__private::Endpoint<__LiftS, (__LiftM0, __LiftM1)> for order_events
where
    __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
        + 'static,
    Path<OrderId>: ::lift::__private::Argument<__LiftS, __LiftM0>,
    LastEventId: ::lift::__private::Argument<__LiftS, __LiftM1>,
{
    const ROUTE: &'static ::lift::__private::Route = &::lift::__private::Route::new(
            ::lift::__private::Method::GET,
            "/orders/{id}/events",
            ::core::concat!(::core::module_path!(), "::order_events"),
        )
        .streamed();
    async fn serve(
        mut __lift_call: ::lift::__private::Call<__LiftS>,
    ) -> ::lift::__private::Response {
        use ::lift::__private::stream::traits::*;
        const {
            ::core::assert!(
                < Path < OrderId > as ::lift::__private::Argument < __LiftS, __LiftM0 >>
                ::READS_BODY as u8 + < LastEventId as ::lift::__private::Argument <
                __LiftS, __LiftM1 >> ::READS_BODY as u8 <= 1,
                "a request has one body, and two arguments of this function read it",
            );
        }
        let __lift_0 = __lift_call.argument::<Path<OrderId>, __LiftM0>().await;
        let __lift_1 = __lift_call.argument::<LastEventId, __LiftM1>().await;
        let (
            ::core::option::Option::Some(__lift_0),
            ::core::option::Option::Some(__lift_1),
        ) = (__lift_0, __lift_1) else {
            return __lift_call.rejection().await;
        };
        static __LIFT_STREAM: ::lift::__private::stream::Options = ::lift::__private::stream::Options::new(
                ::lift::__private::stream::Format::Sse,
            )
            .keep_alive(15000);
        __lift_call
            .stream_emitted(
                &__LIFT_STREAM,
                (__lift_0, __lift_1),
                |(__lift_0, __lift_1)| order_events(__lift_0, __lift_1),
                |__lift_item, __lift_format, __lift_out| {
                    ::lift::__private::stream::Encode(__lift_item)
                        .write(__lift_format, __lift_out)
                },
            )
            .await
    }
}
#[get(__lift_taken)]
const _: () = ();
