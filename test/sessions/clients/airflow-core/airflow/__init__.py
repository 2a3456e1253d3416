"""What Airflow's hooks import of Airflow itself, and no more: the providers beside it are the real ones. Airflow whole would be 300 MB."""
__path__ = __import__("pkgutil").extend_path(__path__, __name__)
__version__ = "3.1.0"
