from .jobs import Order as Order
from .jobs import UrlJob as UrlJob
from .jobs import process_job as process_job
from .planning import plan_archive as plan_archive
from .storage import StorageError as StorageError
from .storage import is_url as is_url
