async fn join(conn: Connection, Path(room): Path<RoomName>) -> Result<()> {
    conn.room(room.0).join().await
}
///What `connect` of a `#[websocket]` may name.
#[allow(non_camel_case_types, reason = "it bears the function's name")]
struct join {}
const _: () = {
    use ::lift::__private as __lift;
    const __LIFT_CHECKS: __lift::validate::Options = __lift::validate::Options::new();
    impl __lift::websocket::IsHook for join {}
    impl<
        __LiftS,
        __LiftM0,
        __LiftM1,
    > __lift::websocket::Hook<__LiftS, (__LiftM0, __LiftM1)> for join
    where
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync
            + 'static,
        Connection: __lift::Argument<__LiftS, __LiftM0>,
        Path<RoomName>: __lift::Argument<__LiftS, __LiftM1>,
    {
        async fn serve(mut __lift_call: __lift::Call<__LiftS>) -> __lift::Response {
            use __lift::validate::traits::*;
            const {
                __lift::one_body(
                    &[
                        <Connection as __lift::Argument<__LiftS, __LiftM0>>::READS_BODY,
                        <Path<
                            RoomName,
                        > as __lift::Argument<__LiftS, __LiftM1>>::READS_BODY,
                    ],
                )
            };
            let __lift_0 = (&&&__lift::validate::Check::<Connection>::NEW)
                .take::<__LiftS, __LiftM0>(&mut __lift_call, &__LIFT_CHECKS)
                .await;
            let __lift_1 = (&&&__lift::validate::Check::<Path<RoomName>>::NEW)
                .take::<__LiftS, __LiftM1>(&mut __lift_call, &__LIFT_CHECKS)
                .await;
            let (
                ::core::option::Option::Some(__lift_0),
                ::core::option::Option::Some(__lift_1),
            ) = (__lift_0, __lift_1) else {
                return __lift_call.rejection().await;
            };
            __lift_call
                .run(
                    (__lift_0, __lift_1),
                    |(__lift_0, __lift_1)| join(__lift_0, __lift_1),
                )
                .await
        }
    }
};
#[validate(__lift_taken)]
const _: () = ();
