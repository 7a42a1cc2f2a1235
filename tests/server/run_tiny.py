import sys

from assistant.settings import Settings
from server.app import create_app
from server.logs import configure
from server.serve import server_for
from tests.server.tiny_engine import open_tiny

settings = Settings()
configure(sys.stderr)
server_for(create_app(settings, open_tiny), settings).run()
