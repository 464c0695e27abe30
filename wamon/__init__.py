"""wamon watches the WhatsApp Business Cloud API and a webhook endpoint, and says whose fault a failure was."""

__version__ = "0.1.0"
