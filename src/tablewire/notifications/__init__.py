"""Notifications: the only room that speaks Apprise, Standard Webhooks and Web Push."""
