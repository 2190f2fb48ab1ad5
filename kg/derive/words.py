"""The few words of languages that no catalog can teach: prepositions, and what makes an accessory or a
service.

Everything else (which words name things, colours, units, series) is learnt from the catalog. A list may
miss a language: then its products get types all the same, only fewer links.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FOR = _words("for f/ f fits fitting für fuer pour para voor til till för dla для 适用于 适用 兼容 用于")
"""What follows is what the product is for, not what it is."""

WITH = _words(
    "with w/ w including incl inc includes plus mit inkl samt avec con met med z с 带 配 含 w/o without ohne "
    "sans sin"
)
"""What follows comes with the product, or is left out of it."""

OF = _words("of in on by from to at as de du des della di da del von van av i à en im")
"""What stands before is the thing, what follows says more about it."""

JOINING = _words("and & or und oder et y e och en und ou o och og i и")

ARTICLES = _words("the a an der die das ein eine le la les el los las un une il lo de het")

TYPE_NAMES = _words(
    "type product_type producttype item_type device_type article_type kind product_kind typ produkttyp art "
    "produktart tipo tipo_de_producto type_de_produit soort 类型 产品类型 商品类型 种类 品类"
)
"""Names of attributes whose values may say what a thing is (spaces become underscores)."""

SERVICES = _words(
    "warranty warranties guarantee service services licence license licences licenses subscription "
    "extension-of-warranty care-pack carepack insurance garantie gewährleistung lizenz abonnement garanzia "
    "garantía licencia licenza garanti 保修 延保 服务 安装服务 许可证 授权"
)
"""Words of things that are done or granted, not handed over."""

TASKS = _words(
    "support installation maintenance repair training consulting wartung reparatur onderhoud manutenzione"
)
"""The same, but only as the last word of a type: a maintenance kit is handed over."""

ACCESSORIES = _words(
    "accessory accessories case cover sleeve pouch holster skin protector charger battery bracket holder "
    "cradle dock stylus tray feeder rail rails kit cartridge toner ink ribbon drum fuser printhead refill "
    "nozzle part parts hülle tasche ladegerät akku halterung ersatzteil zubehör coque housse chargeur "
    "batterie accessoire funda cargador batería 壳 套 膜 充电器 电池 支架 配件 硒鼓 墨盒 手机壳 保护套 "
    "保护膜"
)
"""Head words of things that are bought for another thing; the catalog teaches more of them."""

GRAMMAR = _words(
    "only up over out is are be was you your we our it its this that these those all any no not new more "
    "most very than first last total one two three four five auch nur ist sind nicht neu alle mehr für sie "
    "ihr est sont pas plus tout tous votre nouveau es son categorized uncategorized other various misc "
    "on-site onsite online offline indoor outdoor su todo nuevo più nuovo tutti niet ook alle nieuw uw"
)
"""Words of grammar that stand in titles too."""

COLOURS = _words(
    "black white grey gray red blue green yellow brown pink purple violet orange silver gold beige "
    "turquoise schwarz weiß grau rot blau grün gelb braun rosa lila silber noir noire blanc blanche gris "
    "rouge bleu vert jaune marron negro blanco rojo azul verde amarillo nero bianco rosso giallo zwart wit "
    "rood blauw groen 黑色 白色 灰色 红色 蓝色 绿色 黄色 棕色 粉色 紫色 橙色 银色 金色 青色 米色"
)
"""Colours, for catalogs whose attributes do not name them."""

MEASURES = _words(
    "series serie edition version model type style class size colour color design quality line family "
    "collection mode format generation gen year years month months day days hour hours inch zoll pouce "
    "quantity number length width height depth weight capacity speed resolution performance capacity range "
    "use value essential essentials classic permanent professional premium standard deluxe ultra elite "
    "extreme economy basic advanced 系列 款 型号 版 款式 尺寸 颜色"
)
"""Nouns that grade, count or measure: no product is one of them."""

GENERAL = _words(
    "set sets kit kits system systems unit units module modules accessory accessories part parts assembly "
    "component components device devices equipment product products item items solution package pack packs "
    "bundle pair piece other set teil teile gerät zubehör système appareil accessoire conjunto dispositivo "
    "套装 配件 产品"
)
"""Nouns that may name anything: right where a title says so, but never guessed."""

COMPATIBILITY = ("compatibility", "kompatibilität", "compatibilité", "compatibilidad", "适用", "兼容")
"""An attribute with one of these in its name lists what a product works with."""

COMPATIBLE = ("compatible", "kompatibel", "kompatible", "passend für", "geeignet für")
WORKS_WITH = _words("with mit avec con products models devices brands produkte modelle geräte marken for für")
"""So does one that begins with one of the first and goes on with one of the second, or not at all;
'compatible memory cards' go into the product, not the other way round."""
