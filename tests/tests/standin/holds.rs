//! Transactions that hold their items, and calls that take time.

use crate::{Bed, TABLE, code, indexed, item, key, s, transact_put, without_retries};
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use std::time::Duration;
use tests::faults::{Fault, Faults};
use tests::standin::{Options, Trouble};
use tokio::time::{Instant, sleep};

fn holding(ms: u64) -> Options {
    Options {
        hold: Some(Duration::from_millis(ms)),
        ..Options::off()
    }
}

#[tokio::test]
async fn a_transaction_on_held_items_is_cancelled_at_their_positions() {
    let bed = Bed::start(holding(1_000)).await;
    let began = Instant::now();
    let second = async {
        sleep(Duration::from_millis(100)).await;
        assert_eq!(bed.value("a", true).await, None, "not yet written");
        let items = vec![item("c", "2"), item("b", "2"), item("d", "2")];
        let cancelled = bed.transact(items).await;
        let elsewhere = bed.transact(vec![item("e", "2")]).await;
        assert_eq!(elsewhere, Ok(()), "not held");
        cancelled
    };
    let items = vec![item("a", "1"), item("b", "1")];
    let (first, second) = tokio::join!(bed.transact(items), second);
    assert_eq!(first, Ok(()));
    assert!(began.elapsed() >= Duration::from_millis(1_000));
    let expected = ["None", "TransactionConflict", "None"].map(str::to_owned);
    assert_eq!(second, Err(expected.to_vec()));
    assert_eq!(bed.value("b", true).await.as_deref(), Some("1"));
    assert_eq!(bed.value("c", true).await, None);

    let tally = bed.stand_in.tally();
    assert_eq!((tally.committed, tally.cancelled), (2, 1));
    let troubled: Vec<_> = tally.items().map(|(item, it)| (&*item.pk, *it)).collect();
    let conflict = Trouble {
        conflicts: 1,
        ..Trouble::default()
    };
    assert_eq!(troubled, [("b", conflict)]);
    // What was held is free again.
    assert_eq!(bed.transact(vec![item("b", "3")]).await, Ok(()));
}

#[tokio::test]
async fn a_checked_item_is_held_like_a_written_one() {
    let bed = Bed::start(holding(1_000)).await;
    bed.put(item("a", "1")).await.expect("written");
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .set_key(Some(key("a")));
    let check = check.condition_expression("attribute_exists(pk)").build();
    let checking = bed
        .client
        .transact_write_items()
        .transact_items(
            TransactWriteItem::builder()
                .condition_check(check.expect("a check"))
                .build(),
        )
        .transact_items(transact_put(item("b", "1")));
    let write = async {
        sleep(Duration::from_millis(100)).await;
        bed.put(item("a", "2")).await
    };
    let (checking, write) = tokio::join!(checking.send(), write);
    checking.expect("met");
    assert_eq!(write, Err("TransactionConflictException".to_owned()));
}

#[tokio::test]
async fn plain_writes_of_a_held_item_are_refused_and_others_are_not() {
    let bed = Bed::start(holding(1_000)).await;
    let writes = async {
        sleep(Duration::from_millis(100)).await;
        let update = bed
            .client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(key("a")));
        let update = update
            .update_expression("SET v = :v")
            .expression_attribute_values(":v", s("2"));
        let delete = bed
            .client
            .delete_item()
            .table_name(TABLE)
            .set_key(Some(key("a")));
        let refused = [
            bed.put(item("a", "2")).await.expect_err("held"),
            code(update.send().await.expect_err("held")),
            code(delete.send().await.expect_err("held")),
        ];
        assert_eq!(refused, ["TransactionConflictException"; 3]);
        bed.put(item("b", "2")).await.expect("not held");
    };
    let (transaction, ()) = tokio::join!(bed.transact(vec![item("a", "1")]), writes);
    assert_eq!(transaction, Ok(()));
    assert_eq!(bed.value("a", true).await.as_deref(), Some("1"));
    let refused = bed
        .stand_in
        .tally()
        .of(|item| item.pk == "a")
        .refused_writes;
    assert_eq!(refused, 3);
    bed.put(item("a", "2")).await.expect("free again");
}

#[tokio::test]
async fn transactions_conflict_in_virtual_time_where_they_overlap() {
    let bed = Bed::in_virtual_time(holding(40)).await;
    let began = Instant::now();
    let (a, b) = (|| vec![item("a", "1")], || vec![item("b", "1")]);
    let (first, second) = tokio::join!(bed.transact(a()), bed.transact(a()));
    let conflict = Err(vec!["TransactionConflict".to_owned()]);
    assert_eq!((first, second), (Ok(()), conflict));
    let (first, second) = tokio::join!(bed.transact(a()), bed.transact(b()));
    assert_eq!((first, second), (Ok(()), Ok(())));
    for _ in 0..100 {
        assert_eq!(bed.transact(a()).await, Ok(()));
    }
    assert!(
        began.elapsed() < Duration::from_millis(40 * 100),
        "nothing waits"
    );
}

#[tokio::test]
async fn a_token_is_in_progress_while_its_transaction_is_and_idempotent_afterwards() {
    let bed = Bed::start(holding(1_000)).await;
    let send = || {
        let transaction = bed
            .client
            .transact_write_items()
            .client_request_token("token");
        transaction
            .transact_items(transact_put(item("a", "1")))
            .send()
    };
    let second = async {
        sleep(Duration::from_millis(100)).await;
        send().await.expect_err("in progress")
    };
    let (first, second) = tokio::join!(send(), second);
    first.expect("carried out");
    assert_eq!(code(second), "TransactionInProgressException");

    bed.put(item("a", "2")).await.expect("written");
    let written = bed.stand_in.hottest(1)[0].writes.total;
    send().await.expect("answered as before");
    assert_eq!(bed.value("a", true).await.as_deref(), Some("2"));
    let hottest = &bed.stand_in.hottest(1)[0];
    assert_eq!(hottest.writes.total, written, "a replay reads");
    assert_eq!(bed.stand_in.tally().committed, 1);
}

#[tokio::test]
async fn a_transaction_whose_condition_fails_is_refused_by_the_engine_and_counted() {
    let bed = Bed::start(holding(1)).await;
    bed.put(item("a", "1")).await.expect("written");
    let mut put = transact_put(item("a", "2"));
    let inner = put.put.as_mut().expect("a put");
    inner.condition_expression = Some("attribute_not_exists(pk)".to_owned());
    let transaction = bed
        .client
        .transact_write_items()
        .transact_items(transact_put(item("b", "1")));
    let refused = transaction
        .transact_items(put)
        .send()
        .await
        .expect_err("refused");
    assert_eq!(crate::reasons(&refused), ["None", "ConditionalCheckFailed"]);
    let tally = bed.stand_in.tally();
    assert_eq!((tally.committed, tally.cancelled), (0, 1));
    assert_eq!(tally.of(|item| item.pk == "a").failed_conditions, 1);
    assert_eq!(tally.of(|item| item.pk == "b"), Trouble::default());
}

#[tokio::test]
async fn a_transaction_whose_caller_goes_away_is_carried_out() {
    let bed = Bed::start(holding(100)).await;
    let transaction = bed.transact(vec![item("a", "1")]);
    let gone = tokio::time::timeout(Duration::from_millis(50), transaction).await;
    assert!(gone.is_err());
    assert_eq!(bed.value("a", true).await, None);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(bed.value("a", true).await.as_deref(), Some("1"));
    assert_eq!(bed.transact(vec![item("a", "2")]).await, Ok(()));
}

#[tokio::test]
async fn a_lost_answer_in_front_of_the_stand_in_has_one_effect() {
    let bed = Bed::start(holding(20)).await;
    let faults = Faults::none();
    faults.once("TransactWriteItems", Fault::LostAnswer);
    let client = bed.stand_in.client_behind(&faults, &bed.engine.endpoint());
    let transaction = client
        .transact_write_items()
        .transact_items(transact_put(item("a", "1")));
    transaction.send().await.expect("tried again");
    assert_eq!(faults.calls("TransactWriteItems"), 2);
    assert_eq!(bed.stand_in.tally().committed, 1);

    faults.always("GetItem", Fault::Throttled);
    let get = without_retries(&client)
        .get_item()
        .table_name(TABLE)
        .set_key(Some(key("a")));
    assert_eq!(
        code(get.send().await.expect_err("a fault")),
        "ThrottlingException"
    );
    assert_eq!(
        bed.stand_in.hottest(1)[0].reads.total,
        2.0,
        "only the replay read"
    );
}

#[tokio::test]
async fn calls_take_their_time() {
    let ms = Duration::from_millis;
    let bed = Bed::start(Options {
        reads: ms(50),
        writes: ms(80),
        hold: Some(ms(120)),
        ..Options::off()
    })
    .await;
    let began = Instant::now();
    bed.put(indexed("a", "1", "m")).await.expect("written");
    let written = began.elapsed();
    bed.value("a", false).await.expect("there");
    let read = began.elapsed() - written;
    assert_eq!(bed.listed("m").await, ["a=1"]);
    let queried = began.elapsed() - written - read;
    bed.transact(vec![item("b", "1")]).await.expect("written");
    let transacted = began.elapsed() - written - read - queried;
    let took = [written, read, queried, transacted];
    let least = [ms(80), ms(50), ms(50), ms(120)];
    assert!(
        took.iter().zip(least).all(|(took, least)| *took >= least),
        "{took:?}"
    );
}
