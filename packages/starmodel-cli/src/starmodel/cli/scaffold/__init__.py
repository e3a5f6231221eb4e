"""A new project: its name checked, its files written from templates, all of it or nothing."""

from .naming import ProjectPlace, project_place
from .placing import Placed, place
from .rendering import filled, rendered, template_names

__all__ = ["Placed", "ProjectPlace", "filled", "place", "project_place", "rendered", "template_names"]
