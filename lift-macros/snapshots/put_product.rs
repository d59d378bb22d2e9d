async fn put_product(
    Path(sku): Path<Sku>,
    body: Json<NewProduct>,
) -> Result<Json<Product>> {
    catalog().put(sku, body.0).await.map(Json)
}
///The endpoint `PUT /products/{sku}`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct put_product {}
const _: () = {
    use ::lift::__private as __lift;
    const __LIFT_CHECKS: __lift::validate::Options = __lift::validate::Options::new()
        .max_body(65536);
    impl<__LiftS, __LiftM0, __LiftM1> __lift::Endpoint<__LiftS, (__LiftM0, __LiftM1)>
    for put_product
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Path<Sku>: __lift::Argument<__LiftS, __LiftM0>,
        Json<NewProduct>: __lift::Argument<__LiftS, __LiftM1>,
    {
        const ROUTE: &'static __lift::Route = &__lift::Route::new(
                __lift::Method::PUT,
                "/products/{sku}",
                ::core::concat!(::core::module_path!(), "::put_product"),
            )
            .validated()
            .described(|__lift_route| {
                use __lift::contract::traits::*;
                __lift_route.checked(&__LIFT_CHECKS);
                (&&__lift::contract::Describe::<Path<Sku>>::NEW).input(__lift_route);
                (&&__lift::contract::Describe::<Json<NewProduct>>::NEW)
                    .input(__lift_route);
                (&&&__lift::contract::Describe::<Result<Json<Product>>>::NEW)
                    .response(__lift_route);
            });
        async fn serve(mut __lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            use __lift::validate::traits::*;
            const {
                __lift::one_body(
                    &[
                        <Path<Sku> as __lift::Argument<__LiftS, __LiftM0>>::READS_BODY,
                        <Json<
                            NewProduct,
                        > as __lift::Argument<__LiftS, __LiftM1>>::READS_BODY,
                    ],
                )
            };
            let __lift_0 = (&&&__lift::validate::Check::<Path<Sku>>::NEW)
                .take::<__LiftS, __LiftM0>(&mut __lift_call, &__LIFT_CHECKS)
                .await;
            let __lift_1 = (&&&__lift::validate::Check::<Json<NewProduct>>::NEW)
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
                    __lift::cache::Scope::Tenant,
                    (__lift_0, __lift_1),
                    |(Path(sku), _), __lift_tags: &mut __lift::cache::Tags| {
                        __lift_tags.add(::core::format_args!("product:{sku}"));
                        __lift_tags.add(::core::format_args!("products"));
                    },
                    |(__lift_0, __lift_1)| put_product(__lift_0, __lift_1),
                )
                .await
        }
    }
};
#[put(__lift_taken)]
const _: () = ();
#[invalidates(__lift_taken)]
const _: () = ();
