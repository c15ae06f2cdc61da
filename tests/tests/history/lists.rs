//! Lists: all pages of them, by number and by cursor, under every filter.

use crate::model::{self, folded};
use crate::operation::{Filter, Listed, MENTORS};
use crate::play::{ATTRIBUTIONS, CODES, Play, RECORDS, Refusal, encoded};
use serde_json::{Value, json};

const CODE_STATUSES: [&str; 4] = ["active", "inactive", "invalidated", "expired"];
/// The third is no status of an attribution.
const ATTRIBUTION_STATUSES: [&str; 4] = ["pending", "confirmed", "active", "pending"];

/// A filter in the words of a request.
#[derive(Default)]
struct Asked {
    mentor: Option<&'static str>,
    org: Option<&'static str>,
    status: Option<&'static str>,
    code: Option<String>,
}

impl Play {
    pub(crate) async fn list(
        &mut self,
        list: Listed,
        filter: &Filter,
        limit: usize,
        by_cursor: bool,
    ) {
        let statuses = match list {
            Listed::Records | Listed::Codes => CODE_STATUSES,
            Listed::Attributions | Listed::OfMentor(_) => ATTRIBUTION_STATUSES,
        };
        let asked = Asked {
            mentor: match list {
                Listed::OfMentor(number) => Some(MENTORS[number]),
                _ => filter.mentor.map(model::mentor),
            },
            org: filter.org.map(model::org),
            status: filter.status.map(|number| statuses[number]),
            code: filter
                .code
                .map(|(which, spelling)| self.typed(which, spelling)),
        };
        self.walk(list, &asked, limit, by_cursor).await;
    }

    /// Every list without a filter.
    pub(crate) async fn list_everything(&mut self) {
        let mut lists = vec![Listed::Records, Listed::Codes, Listed::Attributions];
        lists.extend((0..MENTORS.len()).map(Listed::OfMentor));
        for list in lists {
            for by_cursor in [true, false] {
                let asked = Asked {
                    mentor: match list {
                        Listed::OfMentor(number) => Some(MENTORS[number]),
                        _ => None,
                    },
                    ..Asked::default()
                };
                self.walk(list, &asked, 9, by_cursor).await;
            }
        }
    }

    /// Reads all pages of a list, and holds each against the model's.
    async fn walk(&mut self, list: Listed, asked: &Asked, limit: usize, by_cursor: bool) {
        let path = path(list, asked, limit);
        let is_attributions = matches!(list, Listed::Attributions | Listed::OfMentor(_));
        if is_attributions && asked.status == Some("active") {
            let reply = self.verv.get(&path).await;
            return Refusal(400, "invalid_field", Some("status")).check(&reply);
        }
        let records = if is_attributions {
            self.attributions_of(list, asked)
        } else {
            self.codes_of(list, asked)
        };
        let may_count_less = !is_attributions && asked.status.is_some();
        let pages: Vec<&[Value]> = match records.is_empty() {
            true => vec![&[]],
            false => records.chunks(limit).collect(),
        };
        let mut place = String::new();
        for (number, page) in (1..).zip(&pages) {
            let reply = self.verv.get(&format!("{path}{place}")).await.expect(200);
            let answer = reply.json();
            assert_eq!(answer["data"], json!(page), "page {number} of {path}");
            let pagination = &answer["pagination"];
            assert_eq!(pagination["page"], number);
            assert_eq!(pagination["limit"], limit);
            match pagination["total_is_lower_bound"].as_bool() {
                None => assert_eq!(pagination["total"], records.len(), "{path}{place}"),
                Some(is_bound) => {
                    assert!(is_bound && may_count_less, "{path}{place}");
                    let total = pagination["total"].as_u64().expect("a number");
                    let (least, most) = (page.len() as u64, records.len() as u64);
                    assert!((least..=most).contains(&total), "{path}{place}");
                }
            }
            let next = answer["next_cursor"].as_str();
            assert_eq!(next.is_some(), number < pages.len(), "{path}{place}");
            place = match next {
                Some(cursor) if by_cursor => format!("&cursor={cursor}"),
                _ => format!("&page={}", number + 1),
            };
        }
        // The page after the last is empty, which is no error.
        if !by_cursor {
            let answer = self.verv.get(&format!("{path}{place}")).await;
            let answer = answer.expect(200).json();
            assert_eq!(answer["data"], json!([]));
            assert_eq!(
                answer["pagination"]["total"],
                records.len(),
                "{path}{place}"
            );
            assert!(answer.get("next_cursor").is_none());
        }
    }

    /// The codes that match, as a list shows them.
    fn codes_of(&self, list: Listed, asked: &Asked) -> Vec<Value> {
        let now = self.now();
        let matching = self.model.codes.iter().rev().filter(|code| {
            !code.deleted
                && asked.mentor.is_none_or(|mentor| code.mentor == mentor)
                && asked.org.is_none_or(|org| code.org == org)
                && asked.status.is_none_or(|status| code.status(now) == status)
                && is_of(&asked.code, &code.code)
        });
        match list {
            Listed::Records => matching.map(|code| code.record(now)).collect(),
            _ => matching.map(|code| code.view(now)).collect(),
        }
    }

    /// The attributions that match, as a list shows them.
    fn attributions_of(&self, list: Listed, asked: &Asked) -> Vec<Value> {
        let matching = self.model.clicks.iter().rev().filter(|click| {
            let code = &self.model.codes[click.code];
            !click.deleted
                && asked.mentor.is_none_or(|mentor| code.mentor == mentor)
                && asked.org.is_none_or(|org| code.org == org)
                && asked.status.is_none_or(|status| click.status() == status)
                && is_of(&asked.code, &code.code)
        });
        match list {
            Listed::Attributions => matching.map(|c| self.model.attribution(c)).collect(),
            _ => matching.map(|click| self.model.of_mentor(click)).collect(),
        }
    }

    /// A list that is asked for in a way that makes no sense.
    pub(crate) async fn refused_list(&mut self, number: usize) {
        let (query, code, field) = [
            ("page=0", "invalid_field", "page"),
            ("limit=0", "invalid_field", "limit"),
            ("limit=101", "invalid_field", "limit"),
            ("cursor=x", "invalid_field", "cursor"),
            ("page=101&limit=100", "page_too_deep", "page"),
            ("mentor=usr_1", "unknown_field", "mentor"),
            ("status=gone", "invalid_field", "status"),
            ("org_id=a%20b", "invalid_field", "org_id"),
        ][number];
        let of_mentor = format!("{ATTRIBUTIONS}/mentor/usr_1");
        for list in [RECORDS, CODES, ATTRIBUTIONS, &of_mentor] {
            let reply = self.verv.get(&format!("{list}?{query}")).await;
            Refusal(400, code, Some(field)).check(&reply);
        }
    }
}

fn path(list: Listed, asked: &Asked, limit: usize) -> String {
    let (mut path, mentor) = match list {
        Listed::Records => (RECORDS.to_owned(), asked.mentor),
        Listed::Codes => (CODES.to_owned(), asked.mentor),
        Listed::Attributions => (ATTRIBUTIONS.to_owned(), asked.mentor),
        Listed::OfMentor(number) => (format!("{ATTRIBUTIONS}/mentor/{}", MENTORS[number]), None),
    };
    path.push_str(&format!("?limit={limit}"));
    let code = asked.code.as_deref().map(encoded);
    for (name, value) in [
        ("mentor_id", mentor),
        ("org_id", asked.org),
        ("status", asked.status),
        ("code", code.as_deref()),
    ] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={value}"));
        }
    }
    path
}

fn is_of(asked: &Option<String>, code: &str) -> bool {
    asked
        .as_ref()
        .is_none_or(|asked| folded(asked) == folded(code))
}
