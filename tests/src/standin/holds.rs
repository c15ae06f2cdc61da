//! The items that transactions under way hold.

use super::keys::ItemKey;
use std::collections::HashSet;

/// Held items, and the client request tokens of the transactions that hold them.
#[derive(Debug, Default)]
pub(super) struct Holds {
    items: HashSet<ItemKey>,
    tokens: HashSet<String>,
}

/// Why a transaction does not begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// One with the same token is under way.
    InProgress,
    /// Others hold items of it: whether they hold the item of each write.
    Conflict(Vec<bool>),
}

impl Holds {
    /// Holds the items of a transaction's writes, all of them or none.
    ///
    /// # Errors
    /// [`Refused`] when the transaction does not begin.
    pub(super) fn take(&mut self, items: &[ItemKey], token: Option<&str>) -> Result<(), Refused> {
        if token.is_some_and(|token| self.tokens.contains(token)) {
            return Err(Refused::InProgress);
        }
        let held: Vec<bool> = items.iter().map(|item| self.holds(item)).collect();
        if held.contains(&true) {
            return Err(Refused::Conflict(held));
        }
        self.items.extend(items.iter().cloned());
        self.tokens.extend(token.map(str::to_owned));
        Ok(())
    }

    pub(super) fn holds(&self, item: &ItemKey) -> bool {
        self.items.contains(item)
    }

    /// Ends what [`Holds::take`] began.
    pub(super) fn release(&mut self, items: &[ItemKey], token: Option<&str>) {
        for item in items {
            self.items.remove(item);
        }
        if let Some(token) = token {
            self.tokens.remove(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pk: &str) -> ItemKey {
        ItemKey {
            table: "t".to_owned(),
            pk: pk.to_owned(),
            sk: "s".to_owned(),
        }
    }

    #[test]
    fn a_transaction_on_held_items_is_refused_at_their_positions_and_holds_nothing() {
        let mut holds = Holds::default();
        let first = [item("a"), item("b")];
        assert_eq!(holds.take(&first, Some("1")), Ok(()));
        let second = [item("c"), item("b"), item("a")];
        let conflict = Refused::Conflict(vec![false, true, true]);
        assert_eq!(holds.take(&second, Some("2")), Err(conflict));
        assert!(!holds.holds(&item("c")));

        holds.release(&first, Some("1"));
        assert_eq!(holds.take(&second, Some("2")), Ok(()));
        assert!(holds.holds(&item("c")));
    }

    #[test]
    fn a_token_is_refused_while_its_transaction_is_under_way() {
        let mut holds = Holds::default();
        let items = [item("a")];
        assert_eq!(holds.take(&items, Some("1")), Ok(()));
        assert_eq!(holds.take(&items, Some("1")), Err(Refused::InProgress));
        holds.release(&items, Some("1"));
        assert_eq!(holds.take(&items, Some("1")), Ok(()));
    }

    #[test]
    fn a_transaction_does_not_conflict_with_itself() {
        let mut holds = Holds::default();
        assert_eq!(holds.take(&[item("a"), item("a")], None), Ok(()));
    }
}
