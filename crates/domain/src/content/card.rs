//! Product and order cards: what the mall's pages read of them must be there, and of the right type.

use serde_json::{Map, Value};

use super::{ContentError, object};

type Object = Map<String, Value>;

/// A browse-history item: `{id, spuId, spuName, picUrl, price, salesCount, stock}`, prices in cents.
pub(super) fn product(submitted: &str) -> Result<String, ContentError> {
    let card = object(submitted).ok_or(ContentError::Shape("a product card is an object"))?;
    require(&card, "spuId", is_id, "a product card needs a spuId")?;
    require(&card, "spuName", Value::is_string, "a product card needs a spuName")?;
    allow(&card, "picUrl", Value::is_string, "picUrl is a text")?;
    for number in ["price", "salesCount", "stock"] {
        allow(&card, number, is_id, "price, salesCount and stock are numbers")?;
    }
    Ok(submitted.to_owned())
}

/// An order-page item: `{no, status, …, items: [{spuName, picUrl, count, price, properties: [{valueName}]}]}`.
///
/// The console calls `properties.map` on every item: an item without them gets an empty array.
pub(super) fn order(submitted: &str) -> Result<String, ContentError> {
    let mut card = object(submitted).ok_or(ContentError::Shape("an order card is an object"))?;
    allow(&card, "no", is_text_or_number, "no is a text")?;
    for number in ["status", "deliveryType", "productCount", "payPrice", "type"] {
        allow(&card, number, is_id, "status, deliveryType, productCount and payPrice are numbers")?;
    }
    let Some(Value::Array(items)) = card.get_mut("items") else {
        return Err(ContentError::Shape("an order card needs an array items"));
    };
    let mut mended = false;
    for item in items {
        let Value::Object(item) = item else {
            return Err(ContentError::Shape("every item of an order card is an object"));
        };
        mended |= order_item(item)?;
    }
    Ok(if mended { Value::Object(card).to_string() } else { submitted.to_owned() })
}

/// `{}`, or any object: there is nothing in an invitation to read.
pub(super) fn rating(submitted: &str) -> Result<String, ContentError> {
    object(submitted).ok_or(ContentError::Shape("an invitation to rate is an object")).map(|_| submitted.to_owned())
}

/// Checks one item; says whether it had to be given its `properties`.
fn order_item(item: &mut Object) -> Result<bool, ContentError> {
    for text in ["spuName", "picUrl"] {
        allow(item, text, Value::is_string, "spuName and picUrl are texts")?;
    }
    for number in ["count", "price", "payPrice"] {
        allow(item, number, is_id, "count and price are numbers")?;
    }
    match item.get("properties") {
        Some(Value::Array(properties)) => properties.iter().try_for_each(|property| match property {
            Value::Object(property) => allow(property, "valueName", is_text_or_number, "valueName is a text"),
            _ => Err(ContentError::Shape("every property is an object")),
        })?,
        None | Some(Value::Null) => {
            item.insert("properties".into(), Value::Array(Vec::new()));
            return Ok(true);
        }
        Some(_) => return Err(ContentError::Shape("properties is an array")),
    }
    Ok(false)
}

fn require(card: &Object, name: &str, fits: fn(&Value) -> bool, wrong: &'static str) -> Result<(), ContentError> {
    if card.get(name).is_some_and(fits) { Ok(()) } else { Err(ContentError::Shape(wrong)) }
}

fn allow(card: &Object, name: &str, fits: fn(&Value) -> bool, wrong: &'static str) -> Result<(), ContentError> {
    if card.get(name).is_none_or(|value| value.is_null() || fits(value)) {
        Ok(())
    } else {
        Err(ContentError::Shape(wrong))
    }
}

/// A number, or the text of one: the mall writes numbers from 2^53-1 up as text.
fn is_id(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok())
}

fn is_text_or_number(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

#[cfg(test)]
mod tests {
    use super::super::{Content, Kind};

    #[track_caller]
    fn check(kind: Kind, submitted: &str, body: Option<&str>) {
        let content = Content::new(kind, submitted).ok();
        assert_eq!(content.as_ref().map(Content::body), body, "{submitted}");
    }

    #[test]
    fn a_product_card_says_what_and_which() {
        let good = r#"{"id":1,"spuId":"9007199254740993","spuName":"杯子","picUrl":null,"price":990}"#;
        check(Kind::Product, good, Some(good));
        check(Kind::Product, r#"{"spuId":1}"#, None);
        check(Kind::Product, r#"{"spuId":1,"spuName":"x","price":"cheap"}"#, None);
        check(Kind::Product, "null", None);
        check(Kind::Product, "[]", None);
    }

    #[test]
    fn an_order_card_is_given_the_properties_that_the_console_needs() {
        let good = r#"{"no":"o1","items":[{"spuName":"杯子","properties":[{"valueName":"红"}]}]}"#;
        check(Kind::Order, good, Some(good));
        check(Kind::Order, r#"{"items":[{}]}"#, Some(r#"{"items":[{"properties":[]}]}"#));
        check(Kind::Order, r#"{"items":[{"properties":null}]}"#, Some(r#"{"items":[{"properties":[]}]}"#));
        check(Kind::Order, r#"{"items":[{"properties":{}}]}"#, None);
        check(Kind::Order, r#"{"items":[{"properties":[null]}]}"#, None);
        check(Kind::Order, r#"{"items":[null]}"#, None);
        check(Kind::Order, r#"{"no":"o1"}"#, None);
    }

    #[test]
    fn an_invitation_is_an_object() {
        check(Kind::Rating, "{}", Some("{}"));
        check(Kind::Rating, "null", None);
    }
}
