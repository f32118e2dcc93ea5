"""What is kept no longer: an order or a phone number that is to be forgotten, and everything past `NXCC_KEEP_DAYS`.

The door to it. Each function says first what would go (`dry`), takes it out of every ledger, table and file of the data
folder, and says what went. Run again after it was killed it does the rest; after it was done it finds nothing.

Nothing is noted of what was forgotten, so it is not refused for ever: whoever asks the vendor for the order again, in a
new lookup, gets what the vendor has. What is being asked at that moment does not bring it back, nor do jobs that have
not ended, for as long as the app runs.
"""

from nxcc.keeping.figures import Removed
from nxcc.keeping.forgetting import forget_number, forget_order
from nxcc.keeping.in_app import COMMAND_LINE, daily, handlers
from nxcc.keeping.past import past

__all__ = ["COMMAND_LINE", "Removed", "daily", "forget_number", "forget_order", "handlers", "past"]
