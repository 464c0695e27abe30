"""Meta's status page, read softly: asked seldom, believed in nothing, and never a reason to call Meta down."""
