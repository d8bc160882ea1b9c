//! The mall's pages: everything the two front ends call on their way to customer service, and tokens.

use serde_json::{Value, json};

use super::menus::{menus, permission_info};
use super::office::{Door, Office, Visitor};
use super::people::{MallMember, SEE_MEMBERS, Who};
use super::tokens::Token;
use super::wire::{Ask, Refusal, long, not_allowed, refused, text};

type Answer = Result<Value, Refusal>;

/// Java's answer where a module of the mall is switched off, and for anything unknown below its path.
const SWITCHED_OFF: &str = "[商城系统 yudao-module-mall - 已禁用][参考 https://doc.iocoder.cn/mall/build/ 开启]";

struct Page {
    method: &'static str,
    path: &'static str,
    door: Door,
    permission: Option<&'static str>,
    answer: fn(&mut Office, &Ask, &Visitor, i64) -> Answer,
}

const fn page(
    door: Door,
    method: &'static str,
    path: &'static str,
    answer: fn(&mut Office, &Ask, &Visitor, i64) -> Answer,
) -> Page {
    Page { method, path, door, permission: None, answer }
}

const PAGES: &[Page] = &[
    page(Door::Open, "GET", "/admin-api/system/tenant/get-by-website", |_, _, _, _| Ok(Value::Null)),
    page(Door::Open, "GET", "/app-api/system/tenant/get-by-website", |_, _, _, _| Ok(Value::Null)),
    page(Door::Open, "GET", "/admin-api/system/tenant/get-id-by-name", tenant_by_name),
    page(Door::Public, "POST", "/admin-api/system/auth/login", admin_login),
    page(Door::Public, "POST", "/app-api/member/auth/login", member_login),
    page(Door::Public, "POST", "/admin-api/system/auth/refresh-token", refresh),
    page(Door::Public, "POST", "/app-api/member/auth/refresh-token", refresh),
    page(Door::Public, "POST", "/admin-api/system/auth/logout", logout),
    page(Door::Public, "POST", "/app-api/member/auth/logout", logout),
    page(Door::Public, "POST", "/admin-api/system/oauth2/check-token", |office, ask, _, now| {
        office.check_token(ask, now)
    }),
    page(Door::SignedIn, "GET", "/admin-api/system/auth/get-permission-info", my_permissions),
    page(Door::SignedIn, "GET", "/admin-api/system/dict-data/simple-list", sexes),
    page(Door::SignedIn, "GET", "/admin-api/system/notify-message/get-unread-count", |_, _, _, _| Ok(json!(0))),
    Page { permission: Some(SEE_MEMBERS), ..page(Door::SignedIn, "GET", "/admin-api/member/user/get", one_member) },
    page(Door::SignedIn, "GET", "/admin-api/pay/wallet/get", wallet),
    page(Door::SignedIn, "GET", "/admin-api/product/browse-history/page", goods),
    page(Door::SignedIn, "GET", "/admin-api/trade/order/page", orders),
    page(Door::SignedIn, "POST", "/admin-api/infra/file/upload", upload),
    page(Door::Public, "GET", "/app-api/promotion/diy-template/used", template),
    page(Door::SignedIn, "GET", "/app-api/member/user/get", myself),
    page(Door::SignedIn, "GET", "/app-api/pay/wallet/get", wallet),
    page(Door::SignedIn, "GET", "/app-api/trade/order/get-count", |_, _, _, _| {
        Ok(json!({"allCount": 1, "unpaidCount": 0, "undeliveredCount": 1, "deliveredCount": 0, "uncommentedCount": 0}))
    }),
    page(Door::SignedIn, "GET", "/app-api/promotion/coupon/get-unused-count", |_, _, _, _| Ok(json!(0))),
    page(Door::SignedIn, "GET", "/app-api/trade/cart/list", |_, _, _, _| {
        Ok(json!({"validList": [], "invalidList": []}))
    }),
    page(Door::Public, "POST", "/app-api/infra/file/upload", upload),
    page(Door::SignedIn, "GET", "/app-api/product/browse-history/page", goods),
    page(Door::SignedIn, "GET", "/app-api/trade/order/page", orders),
];

pub(super) fn answer(office: &mut Office, ask: &Ask, now: i64) -> Answer {
    let here: Vec<&Page> = PAGES.iter().filter(|page| page.path == ask.path).collect();
    let page = here.iter().find(|page| page.method == ask.method);
    let door = here.first().map_or(Door::SignedIn, |page| page.door);
    let visitor = office.let_in(ask, door, now)?;
    let Some(page) = page else { return Err(nothing_here(ask, !here.is_empty())) };
    if page
        .permission
        .is_some_and(|permission| !office.admins.get(&visitor.id()).is_some_and(|admin| admin.may(permission)))
    {
        return Err(not_allowed());
    }
    (page.answer)(office, ask, &visitor, now)
}

fn nothing_here(ask: &Ask, other_method: bool) -> Refusal {
    if ask.path.starts_with("/admin-api/promotion/") {
        refused(501, SWITCHED_OFF)
    } else if other_method {
        refused(405, format!("请求方法不正确:Request method '{}' not supported", ask.method))
    } else {
        refused(404, format!("请求地址不存在:{}", ask.path))
    }
}

fn tenant_by_name(office: &mut Office, ask: &Ask, _: &Visitor, _: i64) -> Answer {
    let name = ask.parameter("name")?;
    let found = office.tenants.iter().find(|(_, known)| *known == name);
    Ok(found.map_or(Value::Null, |(id, _)| long(*id)))
}

fn admin_login(office: &mut Office, ask: &Ask, visitor: &Visitor, now: i64) -> Answer {
    let body = ask.json()?;
    let (username, password) = (text(&body, "username", "登录账号不能为空")?, text(&body, "password", "密码不能为空")?);
    let who = office.admin_signs_in(visitor.tenant, username, password)?;
    Ok(handed_out(&office.purse.issue(who, visitor.tenant, now)))
}

fn member_login(office: &mut Office, ask: &Ask, visitor: &Visitor, now: i64) -> Answer {
    let body = ask.json()?;
    let (mobile, password) = (text(&body, "mobile", "手机号不能为空")?, text(&body, "password", "密码不能为空")?);
    let who = office.member_signs_in(visitor.tenant, mobile, password)?;
    Ok(handed_out(&office.purse.issue(who, visitor.tenant, now)))
}

fn refresh(office: &mut Office, ask: &Ask, visitor: &Visitor, now: i64) -> Answer {
    let token = office.purse.refresh(ask.parameter("refreshToken")?, visitor.tenant, now)?;
    Ok(handed_out(&token))
}

fn logout(office: &mut Office, ask: &Ask, _: &Visitor, _: i64) -> Answer {
    if let Some(token) = ask.token() {
        office.purse.sign_out(token);
    }
    Ok(json!(true))
}

fn handed_out(token: &Token) -> Value {
    let mut data = json!({
        "userId": long(token.who.id()), "accessToken": token.access, "refreshToken": token.refresh,
        "expiresTime": token.expires,
    });
    if matches!(token.who, Who::Member(_)) {
        data["openid"] = Value::Null;
    }
    data
}

fn my_permissions(office: &mut Office, _: &Ask, visitor: &Visitor, _: i64) -> Answer {
    let Some(me) = office.admins.get(&visitor.id()) else { return Ok(Value::Null) };
    Ok(permission_info(me, &menus(office.admins.values())))
}

fn sexes(_: &mut Office, _: &Ask, _: &Visitor, _: i64) -> Answer {
    let sex = |value: &str, label: &str| json!({"dictType": "system_user_sex", "value": value, "label": label, "colorType": "default", "cssClass": ""});
    Ok(json!([sex("1", "男"), sex("2", "女")]))
}

fn one_member(office: &mut Office, ask: &Ask, visitor: &Visitor, _: i64) -> Answer {
    let member = office.members.get(&ask.number("id")?).filter(|member| member.tenant == visitor.tenant);
    let Some(member) = member else { return Ok(Value::Null) };
    let mut data = profile(member);
    let more = json!({
        "name": null, "email": null, "areaName": null, "registerIp": "127.0.0.1", "birthday": null,
        "createTime": 1_718_000_000_000_i64, "loginDate": null, "levelName": null, "totalPoint": 0,
    });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    Ok(data)
}

fn myself(office: &mut Office, _: &Ask, visitor: &Visitor, _: i64) -> Answer {
    Ok(office.members.get(&visitor.id()).map_or(Value::Null, profile))
}

fn profile(member: &MallMember) -> Value {
    json!({
        "id": long(member.id), "nickname": member.nickname, "avatar": member.avatar, "mobile": member.mobile,
        "sex": 0, "point": 0, "experience": 0, "level": null, "brokerageEnabled": false,
    })
}

fn wallet(_: &mut Office, _: &Ask, _: &Visitor, _: i64) -> Answer {
    Ok(json!({"balance": 12_800, "totalExpense": 5_000, "totalRecharge": 17_800}))
}

fn goods(_: &mut Office, _: &Ask, _: &Visitor, _: i64) -> Answer {
    Ok(json!({"total": 1, "list": [{
        "id": 1, "spuId": 633, "spuName": "竹节保温杯", "picUrl": "https://mall.example/cup.png", "price": 5_900,
        "salesCount": 12, "stock": 80,
    }]}))
}

fn orders(_: &mut Office, _: &Ask, _: &Visitor, _: i64) -> Answer {
    Ok(json!({"total": 1, "list": [{
        "id": 1, "no": "o202406100001", "status": 10, "deliveryType": 1, "commentStatus": false, "productCount": 1,
        "payPrice": 5_900,
        "items": [{
            "id": 1, "spuId": 633, "spuName": "竹节保温杯", "picUrl": "https://mall.example/cup.png", "count": 1,
            "price": 5_900, "properties": [{"valueName": "青色"}],
        }],
    }]}))
}

fn upload(office: &mut Office, ask: &Ask, _: &Visitor, _: i64) -> Answer {
    let file = ask.file.clone().ok_or_else(|| refused(400, "请求参数缺失:file"))?;
    let name = format!("{}-{}", office.files.len() + 1, file.name.replace(['/', '?', '#'], "_"));
    let address = format!("http://{}{}{name}", ask.host, super::FILES);
    office.files.insert(name, file);
    Ok(json!(address))
}

fn template(_: &mut Office, _: &Ask, _: &Visitor, _: i64) -> Answer {
    let empty = json!({"page": {}, "navigationBar": {}, "components": []});
    Ok(json!({
        "id": 1, "name": "默认模板", "home": empty, "user": empty,
        "property": {"tabBar": {"theme": "orange", "style": {}, "items": []}},
    }))
}
