"""A connection, the base of hooks, and the exception that they raise."""
from airflow.sdk.exceptions import AirflowException
from airflow.utils.log.logging_mixin import LoggingMixin


class Connection:
    def __init__(self, conn_id, conn_type, host=None, port=None, schema=None, login=None, password=None):
        self.conn_id, self.conn_type, self.host, self.port = conn_id, conn_type, host, port
        self.schema, self.login, self.password, self.extra, self.extra_dejson = schema, login, password, None, {}


class BaseHook(LoggingMixin):
    def __init__(self, logger_name=None):
        super().__init__()

    @classmethod
    def get_connection(cls, conn_id):
        raise AirflowException(f"the connection {conn_id} is not known here")
