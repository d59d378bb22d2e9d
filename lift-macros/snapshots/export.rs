async fn export(
    Query(range): Query<Range>,
) -> Result<impl Stream<Item = Result<Bytes>>> {
    open(range).await
}
///The endpoint `GET /export`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct export {}
const _: () = {
    use ::lift::__private as __lift;
    impl<__LiftS, __LiftM0> __lift::Endpoint<__LiftS, (__LiftM0,)> for export
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Query<Range>: __lift::Argument<__LiftS, __LiftM0>,
    {
        const ROUTE: &'static __lift::Route = &__lift::Route::new(
                __lift::Method::GET,
                "/export",
                ::core::concat!(::core::module_path!(), "::export"),
            )
            .streamed()
            .described(|__lift_route| {
                use __lift::contract::traits::*;
                (&&__lift::contract::Describe::<Query<Range>>::NEW).input(__lift_route);
            });
        async fn serve(mut __lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            use __lift::{stream::traits::*, Infallibly as _};
            let __lift_0 = __lift_call.argument::<Query<Range>, __LiftM0>().await;
            let (::core::option::Option::Some(__lift_0),) = (__lift_0,) else {
                return __lift_call.rejection().await;
            };
            static __LIFT_STREAM: __lift::stream::Options = __lift::stream::Options::new(
                __lift::stream::Format::Bytes,
            );
            __lift_call
                .stream_opened(
                    &__LIFT_STREAM,
                    (__lift_0,),
                    |(__lift_0,)| async move {
                        __lift::Returned(export(__lift_0).await).split()
                    },
                    |__lift_item| __lift::Returned(__lift_item).split(),
                    |__lift_item, _, __lift_out| {
                        __lift::stream::Encode(__lift_item).bytes(__lift_out)
                    },
                )
                .await
        }
    }
};
#[stream(__lift_taken)]
const _: () = ();
