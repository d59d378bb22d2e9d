#[rustfmt::lift_expanded]
#[tracing::instrument]
pub(crate) async fn user<'a>(id: &'a str, page: Page) -> Result<User, Failure> {
    use ::lift::__private as __lift;
    use __lift::{Infallibly as _, cache::traits::*};
    __lift::cache::function(
            user::__lift_policy(),
            __lift::cache::Encoded,
            (id, page),
            |(__lift_0, __lift_1), __lift_key: &mut __lift::cache::Key| {
                let id = __lift_0;
                let page = __lift_1;
                (&&&__lift::cache::Part(id)).write(__lift_key);
                (&&&__lift::cache::Part(&page.number)).write(__lift_key);
            },
            |(_, _), _: &mut __lift::cache::Tags| {},
            |(__lift_0, __lift_1)| async move {
                __lift::cache::Computed::of(
                        __lift::Returned(user::uncached(__lift_0, __lift_1).await)
                            .split(),
                    )
                    .absent(|__lift_value| {
                        __lift::cache::Absence(__lift_value).is_absent()
                    })
                    .when(|__lift_value| is_complete(__lift_value))
                    .ttl(|__lift_value| lifetime(__lift_value))
            },
            |__lift_result| __lift::Returned::<
                Result<User, Failure>,
            >::join(__lift_result),
        )
        .await
}
///What else can be done with the cached function of this name.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
pub(crate) struct user {}
const _: () = {
    use ::lift::__private as __lift;
    static __LIFT_POLICY: __lift::cache::Policy = __lift::cache::Policy::new(
            ::core::concat!(::core::module_path!(), "::user"),
            0,
        )
        .shared()
        .fingerprint(|| __lift::cache::fingerprint!(Result < User, Failure >));
    impl user {
        #[doc(hidden)]
        fn __lift_policy() -> &'static __lift::cache::Policy {
            &__LIFT_POLICY
        }
        /// Computes the value, whatever is kept.
        pub(crate) async fn uncached<'a>(
            id: &'a str,
            mut page: Page,
        ) -> Result<User, Failure> {
            page.turn();
            fetch(id, page).await
        }
        /// Forgets what is kept for these arguments.
        pub(crate) async fn invalidate<'a>(
            __lift_cache: &::lift::Cache,
            id: &'a str,
            page: Page,
        ) -> ::lift::Result<()> {
            use __lift::cache::traits::*;
            let __lift_0 = &id;
            let __lift_1 = &page;
            __lift_cache
                .invalidate_key(
                    &__LIFT_POLICY,
                    |__lift_key| {
                        let id = __lift_0;
                        let page = __lift_1;
                        (&&&__lift::cache::Part(id)).write(__lift_key);
                        (&&&__lift::cache::Part(&page.number)).write(__lift_key);
                    },
                )
                .await
        }
        /// Keeps a value for these arguments, as if the function had returned it now.
        pub(crate) async fn prime<'a>(
            __lift_cache: &::lift::Cache,
            id: &'a str,
            page: Page,
            __lift_value: User,
        ) -> ::lift::Result<()> {
            use __lift::{Infallibly as _, cache::traits::*};
            let __lift_0 = &id;
            let __lift_1 = &page;
            let ::core::result::Result::Ok(__lift_value) = __lift::Returned(
                    __lift::Returned::<
                        Result<User, Failure>,
                    >::join(::core::result::Result::Ok(__lift_value)),
                )
                .split() else {
                return ::core::result::Result::Ok(());
            };
            __lift::cache::prime(
                    __lift_cache,
                    &__LIFT_POLICY,
                    __lift::cache::Encoded,
                    |__lift_key| {
                        let id = __lift_0;
                        let page = __lift_1;
                        (&&&__lift::cache::Part(id)).write(__lift_key);
                        (&&&__lift::cache::Part(&page.number)).write(__lift_key);
                    },
                    |__lift_tags| {},
                    __lift::cache::Computed::of(::core::result::Result::Ok(__lift_value))
                        .absent(|__lift_value| {
                            __lift::cache::Absence(__lift_value).is_absent()
                        })
                        .when(|__lift_value| is_complete(__lift_value))
                        .ttl(|__lift_value| lifetime(__lift_value)),
                )
                .await
        }
    }
};
