//! What stands in the mall's books on its first day.

use diesel::prelude::*;

use crate::books::{Books, BooksError, merchant, person, product, staff};
use crate::secret;

/// The password of everybody who is there on the first day.
pub const PASSWORD: &str = "kefu-1234";

/// Fills books in which nobody stands yet.
pub(crate) fn fill(books: &Books) -> Result<(), BooksError> {
    if books.with(|connection| person::table.count().get_result::<i64>(connection))? > 0 {
        return Ok(());
    }
    let password = secret::keep(PASSWORD).map_err(BooksError::because)?;
    let somebody = |id: i64, name: &'static str, nickname: &'static str, works: bool| {
        let avatar = format!("https://mall.example/faces/{name}.png");
        (
            person::id.eq(id),
            person::name.eq(name),
            person::password.eq(password.clone()),
            person::works.eq(works),
            person::nickname.eq(nickname),
            person::avatar.eq(avatar),
        )
    };
    let people = vec![
        somebody(101, "alice", "小红", false),
        somebody(102, "carol", "小明", false),
        somebody(7, "bob", "客服小张", true),
        somebody(8, "dave", "茶庄小李", true),
    ];
    let shop = |id: i64, title: &'static str, open: bool| {
        (merchant::id.eq(id), merchant::title.eq(title), merchant::open.eq(open))
    };
    let thing = |id: i64, shop: i64, title: &'static str, price: i64| {
        let picture = format!("https://mall.example/things/{id}.png");
        (
            product::id.eq(id),
            product::merchant.eq(shop),
            product::title.eq(title),
            product::picture.eq(picture),
            product::price.eq(price),
            product::stock.eq(50_i64),
        )
    };
    let serves = |clerk: i64, shop: i64| (staff::person.eq(clerk), staff::merchant.eq(shop));

    books.with(|connection| {
        connection.immediate_transaction(|connection| {
            diesel::insert_into(person::table).values(people).execute(connection)?;
            let shops = vec![shop(3, "茶庄", true), shop(4, "旧书店", false)];
            diesel::insert_into(merchant::table).values(shops).execute(connection)?;
            let clerks = vec![serves(7, 0), serves(8, 3)];
            diesel::insert_into(staff::table).values(clerks).execute(connection)?;
            let things = vec![thing(1, 0, "保温杯", 8_900), thing(2, 3, "龙井茶", 12_800)];
            diesel::insert_into(product::table).values(things).execute(connection).map(drop)
        })
    })
}
