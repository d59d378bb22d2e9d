async fn export(
    Query(range): Query<Range>,
) -> Result<impl Stream<Item = Result<Bytes>>> {
    open(range).await
}
///The endpoint `GET /export`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct export {}
impl<__LiftS, __LiftM0> ::lift::__private::Endpoint<__LiftS, (__LiftM0,)> for export
where
    __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
        + 'static,
    Query<Range>: ::lift::__private::Argument<__LiftS, __LiftM0>,
{
    const ROUTE: &'static ::lift::__private::Route = &::lift::__private::Route::new(
            ::lift::__private::Method::GET,
            "/export",
            ::core::concat!(::core::module_path!(), "::export"),
        )
        .streamed();
    async fn serve(
        mut __lift_call: ::lift::__private::Call<__LiftS>,
    ) -> ::lift::__private::Response {
        use ::lift::__private::{stream::traits::*, Infallibly as _};
        let __lift_0 = __lift_call.argument::<Query<Range>, __LiftM0>().await;
        let (::core::option::Option::Some(__lift_0),) = (__lift_0,) else {
            return __lift_call.rejection().await;
        };
        static __LIFT_STREAM: ::lift::__private::stream::Options = ::lift::__private::stream::Options::new(
            ::lift::__private::stream::Format::Bytes,
        );
        __lift_call
            .stream_opened(
                &__LIFT_STREAM,
                (__lift_0,),
                |(__lift_0,)| async move {
                    ::lift::__private::Returned(export(__lift_0).await).split()
                },
                |__lift_item| ::lift::__private::Returned(__lift_item).split(),
                |__lift_item, _, __lift_out| {
                    ::lift::__private::stream::Encode(__lift_item).bytes(__lift_out)
                },
            )
            .await
    }
}
#[stream(__lift_taken)]
const _: () = ();
