//! One change of one item, in the form that `jobs/protocol.golden.json` spells.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Key;

/// An item's attributes, or some of them.
pub(crate) type Attributes = serde_json::Map<String, Value>;

/// Attributes that must hold these values; null: must be absent.
pub(crate) type Condition = Attributes;

/// What is done to the item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// The whole item, key included.
    Put(Attributes),
    /// Parts of the item with this key.
    Update(Key),
}

/// One change of one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Write {
    /// What is done.
    #[serde(flatten)]
    pub(crate) action: Action,
    /// Only if this holds; none: always.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Condition>,
    /// Attributes that get these values.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(crate) set: Attributes,
    /// Attributes that get these values unless they have one.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(crate) set_if_absent: Attributes,
    /// Numbers that grow.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) add: BTreeMap<&'static str, u32>,
    /// Attributes that go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remove: Vec<&'static str>,
}

impl Write {
    fn new(action: Action) -> Self {
        Self {
            action,
            condition: None,
            set: Attributes::new(),
            set_if_absent: Attributes::new(),
            add: BTreeMap::new(),
            remove: Vec::new(),
        }
    }

    /// Puts a whole item.
    pub(super) fn put(key: Key, attributes: Attributes) -> Self {
        let mut item = attributes;
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        Self::new(Action::Put(item))
    }

    /// Puts a whole item where there is none.
    pub(super) fn create(key: Key, attributes: Attributes) -> Self {
        Self::put(key, attributes).only_if(attributes! { "pk": null })
    }

    /// Changes the item with this key.
    pub(super) fn update(key: Key) -> Self {
        Self::new(Action::Update(key))
    }

    pub(super) fn only_if(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    pub(super) fn set(mut self, attributes: Attributes) -> Self {
        self.set.extend(attributes);
        self
    }

    pub(super) fn set_if_absent(mut self, attributes: Attributes) -> Self {
        self.set_if_absent.extend(attributes);
        self
    }

    pub(super) fn add(mut self, counter: &'static str, amount: u32) -> Self {
        // A counter that does not grow is not written: zero would still cost a write.
        if amount > 0 {
            *self.add.entry(counter).or_default() += amount;
        }
        self
    }

    pub(super) fn remove(mut self, attribute: &'static str) -> Self {
        self.remove.push(attribute);
        self
    }
}

/// Attributes as JSON spells them: `attributes! { "status": "RUNNING", "attempt": 0 }`.
macro_rules! attributes {
    ($($tokens:tt)*) => {
        match ::serde_json::json!({ $($tokens)* }) {
            ::serde_json::Value::Object(attributes) => attributes,
            _ => ::serde_json::Map::new(),
        }
    };
}
pub(super) use attributes;
