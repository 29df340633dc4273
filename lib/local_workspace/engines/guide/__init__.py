"""What whoever uses the workspace puts on its home page: lists of what they have made, and where to go next."""

from local_workspace.engines.guide.engine import GuideEngine, GuideItem, GuideSection

__all__ = ["GuideEngine", "GuideItem", "GuideSection"]
