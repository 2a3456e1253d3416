"""A session of classic PySpark: the SparkSession that statements find as `spark`, its SQL, its progress and its end."""
from . import sql_result
from .output import bad

_group = "weir-{}"


class Spark:
    """Starts Spark with the settings of the session; what fails there is raised."""

    def __init__(self, settings, names, flows):
        import pyspark
        from pyspark.sql import SparkSession

        builder = SparkSession.builder
        for key, value in settings["conf"].items():
            builder = builder.config(key, value)
        self.session = builder.getOrCreate()
        self._context = self.session.sparkContext
        self._most_rows = settings["rows"]
        self._flows = flows
        self._shared = None
        self._has_flows = settings["hasFlows"]
        self._process = getattr(pyspark.SparkContext._gateway, "proc", None)
        flows.spark = self
        self._fill(names)

    def _fill(self, names):
        names.update(spark=self.session, sc=self._context)
        try:
            from pyspark.sql import SQLContext

            names["sqlContext"] = SQLContext(self._context, self.session)
        except (ImportError, TypeError):
            pass
        for module, name in (("pyspark.sql", "HiveContext"), ("pyspark.streaming", "StreamingContext"), ("pyspark", "cloudpickle")):
            try:
                names[name] = getattr(__import__(module, fromlist=[name]), name)
            except (ImportError, AttributeError):
                pass

    def info(self):
        """What a client is told of it."""
        return {"appId": self._context.applicationId, "sparkUiUrl": self._context.uiWebUrl, "sparkVersion": self._context.version}

    def is_alive(self):
        return self._process is None or self._process.poll() is None

    def begin(self, number):
        """Puts what a statement starts into a job group of its own, by which it is watched and cancelled."""
        self._context.setJobGroup(_group.format(number), f"statement {number}", interruptOnCancel=True)

    def cancel(self, number):
        """Called by the thread that speaks with the server."""
        try:
            self._context.cancelJobGroup(_group.format(number))
        except Exception:
            pass  # the interrupt of the main thread follows, and that may do

    def progress(self, number):
        """How far the jobs of a statement are; None while it has none. The first that fails is no reason to fail."""
        try:
            tracker = self._context.statusTracker()
            stages = []
            for job in tracker.getJobIdsForGroup(_group.format(number)):
                info = tracker.getJobInfo(job)
                stages += [stage for stage in map(tracker.getStageInfo, info.stageIds if info else []) if stage is not None]
        except Exception:
            return None
        tasks = sum(stage.numTasks for stage in stages)
        if tasks == 0:
            return None
        done = sum(stage.numCompletedTasks for stage in stages)
        shown = [
            {"id": s.stageId, "name": s.name, "tasks": s.numTasks, "done": s.numCompletedTasks, "active": s.numActiveTasks, "failed": s.numFailedTasks}
            for s in stages
        ]
        return {"progress": round(done / tasks, 4), "stages": shown}

    def sql(self, number, code):
        """Runs one query; its rows as Livy shows them."""
        try:
            table = self.session.sql(code.strip().rstrip(";"))
            rows = table.take(self._most_rows)
            return sql_result.output(number, table.schema.jsonValue(), rows)
        except BaseException as error:
            failed = type("Error", (Exception,), {})(str(error))
            return bad(number, error if isinstance(error, KeyboardInterrupt) else failed)

    def flows(self):
        """The DataFrame of the flows of now."""
        self.refresh("flows")
        return self.session.table("flows")

    def refresh(self, code):
        """Makes the view `flows` one of the files of now, for code that may look at it. Not at the start: it takes Spark seconds."""
        if not self._has_flows or "flows" not in code.lower():
            return
        shared = self._flows.sealed()
        if self._shared == shared["version"]:
            return
        parts = [self._part(shared, shape) for shape in ("named", "addressed")]
        parts = [part for part in parts if part is not None]
        whole = parts[0] if parts else self.session.createDataFrame([], ", ".join(f"{c['name']} {_type(c)}" for c in shared["columns"]))
        for part in parts[1:]:
            whole = whole.unionByName(part)
        whole.createOrReplaceTempView("flows")
        self._shared = shared["version"]

    def _part(self, shared, shape):
        paths = [file["path"] for file in shared["files"] if file["shape"] == shape]
        if not paths:
            return None
        table = self.session.read.parquet(*[f"file://{path}" for path in paths])
        return table.selectExpr(*[_value(column, column["name"] in table.columns) for column in shared["columns"]])


_types = {
    "BIGINT": "bigint",
    "UBIGINT": "decimal(20,0)",
    "UINTEGER": "bigint",
    "USMALLINT": "int",
    "UTINYINT": "smallint",
    "VARCHAR": "string",
    "TIMESTAMP_NS": "timestamp_ntz",
    "TIMESTAMP": "timestamp_ntz",
}


def _type(column):
    return _types[column["type"]]


def _value(column, is_there):
    name = column["name"]
    if is_there:
        return f"CAST({name} AS {_type(column)}) AS {name}"
    text = column.get("text")
    if text is None:
        return f"CAST(NULL AS {_type(column)}) AS {name}"
    # A port number that the file has only as text: a number, or the token of a data set.
    return f"CASE WHEN try_cast({text} AS int) BETWEEN 0 AND 65535 THEN try_cast({text} AS int) END AS {name}"
