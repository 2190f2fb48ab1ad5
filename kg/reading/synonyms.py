"""What columns are called when nobody wrote a mapping. Earlier names beat later ones."""

from __future__ import annotations

import re

from kg.records import RecordKind

_PRODUCTS: dict[str, str] = {
    "id": "id product_id productid sku asin parent_asin item_id itemid article_number "
    "商品编号 商品id 产品编号 编号",
    "title": "title name product_name product_title item_name productname "
    "标题 商品名称 产品名称 商品标题 名称",
    "description": "description product_description long_description short_description body body_html "
    "详情 商品描述 描述 商品详情",
    "brand": "brand brand_name supplier manufacturer vendor maker marke 品牌 厂商",
    "category": "category category_path product_category google_product_category product_type "
    "main_category categories 类目 分类 类别 商品分类",
    "labels": "labels tags 标签",
    "attributes": "attributes 属性",
    "price": "price current_price list_price sale_price unit_price 价格 售价 单价",
    "currency": "currency price_currency currency_code 币种 货币",
    "image": "image image_url image_link imageurl img img_url picture picture_url photo thumbnail "
    "图片 主图 图片链接",
    "url": "url link product_url product_link 链接 商品链接",
    "gtin": "gtin gtin13 gtin14 gtin12 ean ean13 upc barcode isbn 条码 条形码",
    "availability": "availability stock_status stock in_stock 库存 库存状态",
    "language": "language lang locale 语言",
    "collections": "collections collection 系列",
}

_INTERACTIONS: dict[str, str] = {
    "user": "user user_id userid customer customer_id customerid visitor_id reviewer_id reviewerid "
    "用户 用户id 用户编号",
    "product": "product product_id productid item item_id itemid sku asin parent_asin 商品 商品id 商品编号",
    "kind": "kind event event_type action behavior behavior_type type 行为 行为类型",
    "time": "time timestamp datetime date event_time created_at unix_review_time unixreviewtime "
    "时间 时间戳 日期",
    "position": "position step",
    "value": "value rating stars overall score quantity qty 评分 数量",
    "query": "query search_query search_term keywords 搜索词 查询",
    "rank": "rank item_rank itemrank click_rank result_rank search_rank list_position result_position "
    "排名 展示位置 点击位置",
    "order": "order order_id orderid basket basket_id transaction_id transactionid 订单 订单号 订单编号",
}

_FACTS: dict[str, str] = {
    "head": "head head_id subject from 头实体",
    "relation": "relation relation_type predicate edge 关系",
    "tail": "tail tail_id object to 尾实体",
    "weight": "weight confidence score 权重",
    "source": "source provenance 来源",
    "head_kind": "head_kind head_type",
    "tail_kind": "tail_kind tail_type",
}

FIELDS: dict[RecordKind, dict[str, tuple[str, ...]]] = {
    "products": {field: tuple(names.split()) for field, names in _PRODUCTS.items()},
    "interactions": {field: tuple(names.split()) for field, names in _INTERACTIONS.items()},
    "facts": {field: tuple(names.split()) for field, names in _FACTS.items()},
}
"""Kind → field → the names its column may have, the best first."""

_LOOKUP: dict[RecordKind, dict[str, tuple[str, int]]] = {
    kind: {name: (field, rank) for field, names in fields.items() for rank, name in enumerate(names)}
    for kind, fields in FIELDS.items()
}

_ATTRIBUTE = re.compile(r"(?:attr|attribute|attributes)\s*[_.:]\s*(.+)", re.IGNORECASE | re.DOTALL)

RATING_COLUMNS = frozenset({"rating", "stars", "overall", "评分"})
"""A value under one of these names is a rating, when nothing else says what happened."""


def simple(column: str) -> str:
    """A column's name without case, spaces and signs: 'Product ID' → 'product_id', 'g:id' → 'id'."""
    name = re.sub(r"[\s\-./]+", "_", column.strip().casefold().removeprefix("g:"))
    return name.strip("_")


def field_of(kind: RecordKind, column: str) -> tuple[str, int] | None:
    """The field that a column name means, and how good the name is (0 is best)."""
    return _LOOKUP[kind].get(simple(column))


def attribute_of(column: str) -> str:
    """The attribute a column like 'attr_colour' or 'attribute.colour' holds, or ''."""
    match = _ATTRIBUTE.fullmatch(column.strip())
    return match.group(1) if match else ""
