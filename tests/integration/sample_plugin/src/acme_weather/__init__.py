"""The weather, for applications of StarModel."""
