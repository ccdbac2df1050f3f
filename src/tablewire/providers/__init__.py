"""Floor 2: reservation providers; the only room that speaks aiohttp."""
