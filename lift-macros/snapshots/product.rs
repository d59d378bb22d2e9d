/// One product.
pub async fn product(
    Path(sku): Path<Sku>,
    State(catalog): State<Catalog>,
) -> Result<Json<Product>> {
    catalog.product(&sku).await.map(Json)
}
///The endpoint `GET /products/{sku}`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
pub struct product {}
const _: () = {
    use ::lift::__private as __lift;
    const __LIFT_CHECKS: __lift::validate::Options = __lift::validate::Options::new()
        .response();
    impl<__LiftS, __LiftM0, __LiftM1> __lift::Endpoint<__LiftS, (__LiftM0, __LiftM1)>
    for product
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Path<Sku>: __lift::Argument<__LiftS, __LiftM0>,
        State<Catalog>: __lift::Argument<__LiftS, __LiftM1>,
    {
        const ROUTE: &'static __lift::Route = &__lift::Route::new(
                __lift::Method::GET,
                "/products/{sku}",
                ::core::concat!(::core::module_path!(), "::product"),
            )
            .cached()
            .validated()
            .described(|__lift_route| {
                use __lift::contract::traits::*;
                __lift_route.checked(&__LIFT_CHECKS);
                (&&__lift::contract::Describe::<Path<Sku>>::NEW).input(__lift_route);
                (&&__lift::contract::Describe::<State<Catalog>>::NEW)
                    .input(__lift_route);
                (&&&__lift::contract::Describe::<Result<Json<Product>>>::NEW)
                    .response(__lift_route);
            });
        async fn serve(mut __lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            use __lift::{cache::traits::*, validate::traits::*, Infallibly as _};
            const {
                __lift::one_body(
                    &[
                        <Path<Sku> as __lift::Argument<__LiftS, __LiftM0>>::READS_BODY,
                        <State<
                            Catalog,
                        > as __lift::Argument<__LiftS, __LiftM1>>::READS_BODY,
                    ],
                )
            };
            let __lift_0 = (&&&__lift::validate::Check::<Path<Sku>>::NEW)
                .take::<__LiftS, __LiftM0>(&mut __lift_call, &__LIFT_CHECKS)
                .await;
            let __lift_1 = (&&&__lift::validate::Check::<State<Catalog>>::NEW)
                .take::<__LiftS, __LiftM1>(&mut __lift_call, &__LIFT_CHECKS)
                .await;
            let (
                ::core::option::Option::Some(__lift_0),
                ::core::option::Option::Some(__lift_1),
            ) = (__lift_0, __lift_1) else {
                return __lift_call.rejection().await;
            };
            let mut __lift_well = true;
            let __lift_found = {
                let (Path(sku), State(catalog)) = (&__lift_0, &__lift_1);
                __lift::validate::Verdict(known_sku(sku, catalog)).violations().await
            };
            __lift_well &= __lift_call.judge(&__LIFT_CHECKS, __lift_found);
            if !__lift_well {
                return __lift_call.rejection().await;
            }
            __lift_call
                .cached(
                    &__LIFT_POLICY,
                    (__lift_0, __lift_1),
                    |(__lift_0, _), __lift_key: &mut __lift::cache::Key| {
                        (&&&__lift::cache::Part(__lift_0)).write(__lift_key);
                    },
                    |(Path(sku), _), __lift_tags: &mut __lift::cache::Tags| {
                        __lift_tags.add(::core::format_args!("product:{sku}"));
                    },
                    |(__lift_0, __lift_1)| async move {
                        __lift::cache::Computed::of(
                            __lift::validate::CheckOutput(
                                    __lift::Returned(product(__lift_0, __lift_1).await).split(),
                                )
                                .checked(&__LIFT_CHECKS),
                        )
                    },
                )
                .await
        }
    }
    static __LIFT_POLICY: __lift::cache::Policy = __lift::cache::Policy::new(
            ::core::concat!(::core::module_path!(), "::product"),
            60000,
        )
        .stale(30000)
        .negative(5000)
        .fingerprint(|| __lift::cache::fingerprint!(Result < Json < Product > >));
    impl product {
        /// Forgets what is kept for these arguments.
        pub async fn invalidate(
            __lift_cache: &::lift::Cache,
            sku: impl ::core::convert::Into<Path<Sku>>,
        ) -> ::lift::Result<()> {
            use __lift::cache::traits::*;
            let __lift_0 = &::core::convert::Into::<Path<Sku>>::into(sku);
            __lift_cache
                .invalidate_key(
                    &__LIFT_POLICY,
                    |__lift_key| {
                        (&&&__lift::cache::Part(__lift_0)).write(__lift_key);
                    },
                )
                .await
        }
    }
};
#[cached(__lift_taken)]
const _: () = ();
#[validate(__lift_taken)]
const _: () = ();
