"""`python -m integrations.sandbox PORT`: the stand-ins without Django around them, as `manage.py up` starts them.

Django would cost the demo a hundred megabytes and seconds of its start; the stand-ins need nothing of it.
"""

import sys

from integrations.sandbox.serve import DEFAULT_HOST, serve

serve(int(sys.argv[1]), DEFAULT_HOST, say=print)
