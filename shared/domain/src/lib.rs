//! The referral domain: values that are valid once they exist, and the rules between them.
//!
//! Nothing here reads a clock, a setting or a database: `now` is an argument, and an invalid
//! string never becomes a [`Code`] or a [`MentorId`]. A rule is a function of values that
//! returns what to do or a refusal; the store reads, lets the domain decide, and commits.

pub mod address;
pub mod api_key;
pub mod attempt;
pub mod attribution;
pub mod caller;
pub mod click;
pub mod clock;
pub mod code;
pub mod code_change;
pub mod code_fields;
pub mod code_record;
pub mod codes;
pub mod color;
pub mod confirmation;
pub mod conversion;
pub mod delivery;
pub mod event;
pub mod event_data;
pub mod event_filter;
pub mod event_type;
pub mod facts;
pub mod ids;
pub mod key_text;
pub mod period;
pub mod privacy;
pub mod program;
pub mod rate;
pub mod retry;
pub mod rollup;
pub mod scope;
pub mod signature;
pub mod stats;
pub mod terms;
pub mod terms_in_force;
pub mod text;
pub mod time_span;
pub mod usage;
pub mod webhook;
pub mod webhook_secret;
pub mod webhook_url;

pub use api_key::{ApiKey, KeyScope};
pub use attribution::{Attribution, AttributionStatus, AttributionType, Source};
pub use caller::CallerKind;
pub use clock::{Clock, Timestamp};
pub use code::{Code, CodePrefix, FoldedCode};
pub use code_record::{CodeRecord, CodeStatus, UserType};
pub use conversion::Recruitment;
pub use delivery::{Delivery, DeliveryStatus};
pub use event::{Event, NamedEvent, OutboxEntry};
pub use event_filter::EventFilter;
pub use event_type::EventType;
pub use ids::{
    ApiKeyId, AttributionId, CodeId, CurrencyId, EventId, MemberId, MentorId, OrgId, ProgramId,
    Shard, WebhookId,
};
pub use key_text::{KeyMode, KeyText};
pub use privacy::Pseudonym;
pub use program::{Program, ProgramStatus};
pub use scope::{OutOfScope, OwnerFilter, Scope};
pub use text::Invalid;
pub use time_span::TimeSpan;
pub use usage::CountedCode;
pub use webhook::{Endpoint, Webhook};
pub use webhook_secret::{WebhookSecret, WebhookSecrets};
pub use webhook_url::{WebhookTargets, WebhookUrl};
