"""Serve the browser files of StarModel, so that no page ever needs another host."""

from __future__ import annotations

from starmodel.adapters.fasthtml.assets.bundle import AssetMissingError, Assets, UnknownAssetError

__all__ = ["AssetMissingError", "Assets", "UnknownAssetError"]
