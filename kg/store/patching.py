"""What a patch leaves of a product: shared by all stores."""

from __future__ import annotations

from dataclasses import fields, replace
from types import MappingProxyType

from kg.errors import DataError
from kg.records import Product, ProductPatch

_FIELDS = frozenset(f.name for f in fields(Product)) - {"id"}
ATTRIBUTE_PREFIX = "attr."


def patched(product: Product, patch: ProductPatch) -> Product:
    """`product` with the named fields of the patch; a named field that the patch leaves empty is cleared."""
    attributes = dict(product.attributes)
    changes: dict[str, object] = {}
    for name in sorted(patch.fields - {"id"}):
        if name.startswith(ATTRIBUTE_PREFIX):
            attribute = name.removeprefix(ATTRIBUTE_PREFIX)
            attributes.pop(attribute, None)
            if attribute in patch.product.attributes:
                attributes[attribute] = patch.product.attributes[attribute]
        elif name == "attributes":
            attributes = dict(patch.product.attributes)
        elif name in _FIELDS:
            changes[name] = getattr(patch.product, name)
        else:
            raise DataError(
                f"a patch names the field {name!r}; fields are {', '.join(sorted(_FIELDS))} and attr.NAME"
            )
    return replace(product, attributes=MappingProxyType(attributes), **changes)  # type: ignore[arg-type]
