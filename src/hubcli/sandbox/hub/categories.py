"""The categories that Hub sorts repositories into."""

from __future__ import annotations

CATEGORIES = {
    "api-management": "API management",
    "content-management-system": "Content management system",
    "data-science": "Data science",
    "databases-and-storage": "Databases & storage",
    "developer-tools": "Developer tools",
    "integration-and-delivery": "Integration & delivery",
    "internet-of-things": "Internet of things",
    "languages-and-frameworks": "Languages & frameworks",
    "machine-learning-and-ai": "Machine learning & AI",
    "message-queues": "Message queues",
    "monitoring-and-observability": "Monitoring & observability",
    "networking": "Networking",
    "operating-systems": "Operating systems",
    "security": "Security",
    "web-analytics": "Web analytics",
    "web-servers": "Web servers",
}
"""Names by slug."""

MOST_CATEGORIES = 3
"""How many a repository may have."""
