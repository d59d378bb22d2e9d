async fn rates(Query(q): Query<Rates>, headers: HeaderMap) -> Json<Rates> {
    todo!()
}
///The endpoint `GET /rates`.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct rates {}
const _: () = {
    use ::lift::__private as __lift;
    impl<__LiftS, __LiftM0, __LiftM1> __lift::Endpoint<__LiftS, (__LiftM0, __LiftM1)>
    for rates
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Query<Rates>: __lift::Argument<__LiftS, __LiftM0>,
        HeaderMap: __lift::Argument<__LiftS, __LiftM1>,
    {
        const ROUTE: &'static __lift::Route = &__lift::Route::new(
                __lift::Method::GET,
                "/rates",
                ::core::concat!(::core::module_path!(), "::rates"),
            )
            .no_tenant()
            .cached()
            .described(|__lift_route| {
                use __lift::contract::traits::*;
                (&&__lift::contract::Describe::<Query<Rates>>::NEW).input(__lift_route);
                (&&__lift::contract::Describe::<HeaderMap>::NEW).input(__lift_route);
                (&&&__lift::contract::Describe::<Json<Rates>>::NEW)
                    .response(__lift_route);
            });
        async fn serve(mut __lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            use __lift::{cache::traits::*, Infallibly as _};
            const {
                __lift::one_body(
                    &[
                        <Query<
                            Rates,
                        > as __lift::Argument<__LiftS, __LiftM0>>::READS_BODY,
                        <HeaderMap as __lift::Argument<__LiftS, __LiftM1>>::READS_BODY,
                    ],
                )
            };
            let __lift_0 = __lift_call.argument::<Query<Rates>, __LiftM0>().await;
            let __lift_1 = __lift_call.argument::<HeaderMap, __LiftM1>().await;
            let (
                ::core::option::Option::Some(__lift_0),
                ::core::option::Option::Some(__lift_1),
            ) = (__lift_0, __lift_1) else {
                return __lift_call.rejection().await;
            };
            __lift_call
                .cached(
                    &__LIFT_POLICY,
                    (__lift_0, __lift_1),
                    |(__lift_0, _), __lift_key: &mut __lift::cache::Key| {
                        let Query(q) = __lift_0;
                        (&&&__lift::cache::Part(&q.from)).write(__lift_key);
                        __lift::cache::CacheStrategy::key(&crate::HOURLY, __lift_key);
                    },
                    |(Query(q), _), __lift_tags: &mut __lift::cache::Tags| {
                        __lift_tags.add(::core::format_args!("rates"));
                        __lift_tags.add(::core::format_args!("rates:{}", q.from));
                    },
                    |(__lift_0, __lift_1)| async move {
                        __lift::cache::Computed::of(
                                __lift::Returned(rates(__lift_0, __lift_1).await).split(),
                            )
                            .strategy(&crate::HOURLY, |__lift_value| __lift_value)
                    },
                )
                .await
        }
    }
    static __LIFT_POLICY: __lift::cache::Policy = __lift::cache::Policy::new(
            ::core::concat!(::core::module_path!(), "::rates"),
            5400000,
        )
        .stale(30000)
        .stale_if_error(600000)
        .negative(5000)
        .max_bytes(1048576)
        .private()
        .vary(&["accept-language"])
        .cache_control("private, max-age=30")
        .version(2)
        .store("second")
        .fingerprint(|| __lift::cache::fingerprint!(Json < Rates >));
    impl rates {
        /// Forgets what is kept for these arguments.
        async fn invalidate(
            __lift_cache: &::lift::Cache,
            q: impl ::core::convert::Into<Query<Rates>>,
        ) -> ::lift::Result<()> {
            use __lift::cache::traits::*;
            let __lift_0 = &::core::convert::Into::<Query<Rates>>::into(q);
            __lift_cache
                .invalidate_key(
                    &__LIFT_POLICY,
                    |__lift_key| {
                        let Query(q) = __lift_0;
                        (&&&__lift::cache::Part(&q.from)).write(__lift_key);
                        __lift::cache::CacheStrategy::key(&crate::HOURLY, __lift_key);
                    },
                )
                .await
        }
    }
};
#[cached(__lift_taken)]
const _: () = ();
