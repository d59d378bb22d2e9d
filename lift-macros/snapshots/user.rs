#[rustfmt::lift_expanded]
#[tracing::instrument]
pub(crate) async fn user<'a>(id: &'a str, page: Page) -> Result<User, Failure> {
    use ::lift::__private::{Infallibly as _, cache::traits::*};
    ::lift::__private::cache::function(
            user::__lift_policy(),
            (id, page),
            |(__lift_0, __lift_1), __lift_key: &mut ::lift::__private::cache::Key| {
                let id = __lift_0;
                let page = __lift_1;
                (&&&::lift::__private::cache::Part(id)).write(__lift_key);
                (&&&::lift::__private::cache::Part(&page.number)).write(__lift_key);
            },
            |(_, _), _: &mut ::lift::__private::cache::Tags| {},
            |(__lift_0, __lift_1)| async move {
                ::lift::__private::cache::Computed::of(
                        ::lift::__private::Returned(
                                user::uncached(__lift_0, __lift_1).await,
                            )
                            .split(),
                    )
                    .when(|__lift_value| is_complete(__lift_value))
                    .ttl(|__lift_value| lifetime(__lift_value))
            },
            |__lift_result| ::lift::__private::Returned::<
                Result<User, Failure>,
            >::join(__lift_result),
        )
        .await
}
///What else can be done with the cached function of this name.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
pub(crate) struct user {}
impl user {
    #[doc(hidden)]
    fn __lift_policy() -> &'static ::lift::__private::cache::Policy {
        static POLICY: ::lift::__private::cache::Policy = ::lift::__private::cache::Policy::new(
                ::core::concat!(::core::module_path!(), "::user"),
                0,
            )
            .shared()
            .fingerprint(|| {
                use ::lift::__private::cache::traits::*;
                (&&::lift::__private::cache::Fingerprint::<Result<User, Failure>>::NEW)
                    .of()
            });
        &POLICY
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
    #[allow(dead_code, reason = "an app need not use it")]
    pub(crate) async fn invalidate<'a>(
        __lift_cache: &::lift::Cache,
        id: &'a str,
        page: Page,
    ) -> ::lift::Result<()> {
        let __lift_0 = &id;
        let __lift_1 = &page;
        __lift_cache
            .invalidate_key(
                Self::__lift_policy(),
                |__lift_key| {
                    let id = __lift_0;
                    let page = __lift_1;
                    (&&&::lift::__private::cache::Part(id)).write(__lift_key);
                    (&&&::lift::__private::cache::Part(&page.number)).write(__lift_key);
                },
            )
            .await
    }
    /// Keeps a value for these arguments, as if the function had returned it now.
    #[allow(dead_code, reason = "an app need not use it")]
    pub(crate) async fn prime<'a>(
        __lift_cache: &::lift::Cache,
        id: &'a str,
        page: Page,
        __lift_value: User,
    ) -> ::lift::Result<()> {
        let __lift_0 = &id;
        let __lift_1 = &page;
        __lift_cache
            .prime_key(
                Self::__lift_policy(),
                |__lift_key| {
                    let id = __lift_0;
                    let page = __lift_1;
                    (&&&::lift::__private::cache::Part(id)).write(__lift_key);
                    (&&&::lift::__private::cache::Part(&page.number)).write(__lift_key);
                },
                __lift_value,
            )
            .await
    }
}
