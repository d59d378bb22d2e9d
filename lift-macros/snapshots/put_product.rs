async fn put_product(
    Path(sku): Path<Sku>,
    body: Json<NewProduct>,
) -> Result<Json<Product>> {
    catalog().put(sku, body.0).await.map(Json)
}
///The endpoint `PUT /products/{sku}`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct put_product {}
impl<
    __LiftS,
    __LiftM0,
    __LiftM1,
> ::lift::__private::Endpoint<__LiftS, (__LiftM0, __LiftM1)> for put_product
where
    __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
        + 'static,
    Path<Sku>: ::lift::__private::Argument<__LiftS, __LiftM0>,
    Json<NewProduct>: ::lift::__private::Argument<__LiftS, __LiftM1>,
{
    const ROUTE: &'static ::lift::__private::Route = &::lift::__private::Route::new(
            ::lift::__private::Method::PUT,
            "/products/{sku}",
            ::core::concat!(::core::module_path!(), "::put_product"),
        )
        .validated();
    async fn serve(
        mut __lift_call: ::lift::__private::Call<__LiftS>,
    ) -> ::lift::__private::Response {
        use ::lift::__private::validate::traits::*;
        const __LIFT_CHECKS: ::lift::__private::validate::Options = ::lift::__private::validate::Options::new()
            .max_body(65536);
        const {
            ::core::assert!(
                < Path < Sku > as ::lift::__private::Argument < __LiftS, __LiftM0 >>
                ::READS_BODY as u8 + < Json < NewProduct > as ::lift::__private::Argument
                < __LiftS, __LiftM1 >> ::READS_BODY as u8 <= 1,
                "a request has one body, and two arguments of this function read it",
            );
        }
        let __lift_0 = (&&&::lift::__private::validate::Check::<Path<Sku>>::NEW)
            .take::<__LiftS, __LiftM0>(&mut __lift_call, &__LIFT_CHECKS)
            .await;
        let __lift_1 = (&&&::lift::__private::validate::Check::<Json<NewProduct>>::NEW)
            .take::<__LiftS, __LiftM1>(&mut __lift_call, &__LIFT_CHECKS)
            .await;
        let (
            ::core::option::Option::Some(__lift_0),
            ::core::option::Option::Some(__lift_1),
        ) = (__lift_0, __lift_1) else {
            return __lift_call.rejection().await;
        };
        __lift_call
            .invalidates(
                ::lift::__private::cache::Scope::Tenant,
                (__lift_0, __lift_1),
                |(Path(sku), _), __lift_tags: &mut ::lift::__private::cache::Tags| {
                    __lift_tags.add(::core::format_args!("product:{sku}"));
                    __lift_tags.add(::core::format_args!("products"));
                },
                |(__lift_0, __lift_1)| put_product(__lift_0, __lift_1),
            )
            .await
    }
}
#[put(__lift_taken)]
const _: () = ();
#[invalidates(__lift_taken)]
const _: () = ();
