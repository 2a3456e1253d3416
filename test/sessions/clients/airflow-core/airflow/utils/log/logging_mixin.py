import logging


class LoggingMixin:
    @property
    def log(self):
        return logging.getLogger(type(self).__module__)
