//! One change of one item, in the form of `jobs/protocol.golden.json`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Key;

/// All or some attributes of an item.
pub(crate) type Attributes = serde_json::Map<String, Value>;

/// Attributes that must have these values; null means that the attribute must be absent.
pub(crate) type Condition = Attributes;

/// The kind of change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// Replaces the item; the attributes include the key.
    Put(Attributes),
    /// Changes attributes of the item with this key.
    Update(Key),
}

/// One change of one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Write {
    /// The kind of change.
    #[serde(flatten)]
    pub(crate) action: Action,
    /// The condition of the change, if any.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Condition>,
    /// Attributes to set.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(crate) set: Attributes,
    /// Attributes to set unless they have a value.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(crate) set_if_absent: Attributes,
    /// Numbers to increase.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) add: BTreeMap<&'static str, u32>,
    /// Attributes to remove.
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

    /// Creates or replaces an item.
    pub(super) fn put(key: Key, attributes: Attributes) -> Self {
        let mut item = attributes;
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        Self::new(Action::Put(item))
    }

    /// Creates an item that must not exist yet.
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
        // An increase by zero is left out: it would still cost a write.
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

/// Builds attributes from JSON: `attributes! { "status": "RUNNING", "attempt": 0 }`.
macro_rules! attributes {
    ($($tokens:tt)*) => {
        match ::serde_json::json!({ $($tokens)* }) {
            ::serde_json::Value::Object(attributes) => attributes,
            _ => ::serde_json::Map::new(),
        }
    };
}
pub(super) use attributes;
