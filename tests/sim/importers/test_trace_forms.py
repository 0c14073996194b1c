"""Traces in the forms that their sources publish: what a row becomes, and that unknown is null and never a number."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.importers.base import Imported
from sim.importers.registry import importer

SWF = "{} {} -1 {} 4 -1 -1 8 7200 1000 {} 3 4 -1 2 -1 -1 -1\n"
VM = "vm-{},s,d,{},{},9,5,8,Interactive,{},{}\n"
PODS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n"
    "p0,12000,16384,1,1000,,LS,Running,100,1100,100\n"
    "p1,6000,12288,1,460,,BE,Succeeded,200,1200,500\n"
    "p2,6000,12288,1,460,,BE,Pending,300,900,\n"
)
LLM = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
RAN = ((600, 0), (610, 1), (700, 4))
"""A task of 2011 that is submitted (0), scheduled (1) and finished (4): seconds and event type."""


def read(name: str, folder: Path, content: str | bytes, file: str = "file", **options: str) -> Imported:
    path = folder / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return importer(name).read([path], options)


def events_2011(*events: tuple[float, int]) -> str:
    return "".join(f"{int(s * 1e6)},,7,0,,{kind},u,2,9,0.5,0.25,0,0\n" for s, kind in events)


def events_2019(**fields: Any) -> str:
    base = {"collection_id": "5", "instance_index": "2", "priority": "200", "resource_request": {"cpus": 0.1}} | fields
    return "".join(
        json.dumps(base | {"type": kind, "time": s * 1_000_000}) + "\n" for s, kind in ((600, 0), (610, 3), (640, 6))
    )


def workflow(**task: Any) -> str:
    tasks = [{"name": "a", "id": "1", "parents": []} | task]
    ran = [{"id": "1", "runtimeInSeconds": 2}]
    specification = {"tasks": tasks, "files": [{"id": "f", "sizeInBytes": 5}]}
    return json.dumps(
        {"schemaVersion": "1.5", "workflow": {"specification": specification, "execution": {"tasks": ran}}}
    )


def batch(*tasks: tuple[str, str]) -> str:
    return "".join(f"{name},{instances},j_1,1,Terminated,10,20,100,0.5\n" for name, instances in tasks)


def test_gaia_numbers_its_jobs_in_file_order_and_leaves_gpus_and_memory_unknown(tmp_path: Path):
    rows = read("gaia", tmp_path, "arrival_time,length,cpus\n9,2,3\n0,5,1\n").table.to_pylist()
    assert [(row["job_id"], row["submit_s"]) for row in rows] == [("gaia-000000", 9), ("gaia-000001", 0)]
    assert {row["gpus"] for row in rows} == {row["memory_gb"] for row in rows} == {None}


def test_alibaba_2018_may_have_a_header_and_its_memory_stays_normalised(tmp_path: Path):
    header = "task_name,instance_num,job_name,task_type,status,start_time,end_time,plan_cpu,plan_mem\n"
    made = read("alibaba2018", tmp_path, header + batch(("M1", "3")))
    (row,) = made.table.to_pylist()
    assert (row["memory_gb"], row["mem_norm_pct"], row["gpus"]) == (None, 0.5, None)
    assert (made.report.rows_read, made.report.rows_kept) == (1, 1)


def test_google_2011_may_be_gzipped(tmp_path: Path):
    made = read("google2011", tmp_path, gzip.compress(events_2011(*RAN).encode()), "part-00000.csv.gz")
    assert made.table["duration_s"].to_pylist() == [90]


def test_google_2011_leaves_out_a_task_that_was_killed_in_the_end(tmp_path: Path):
    made = read("google2011", tmp_path, events_2011((600, 0), (610, 1), (700, 5)))
    assert len(made.table) == 0
    assert sum(made.report.dropped.values()) == 1


def test_azure_llm_reads_the_stamps_of_2023_and_of_2024(tmp_path: Path):
    text = LLM + "2023-11-16 18:17:03.9799600,7,10\n2023-11-16 18:17:04.9799600,1,2\n"
    assert read("azure-llm", tmp_path, text).table["submit_s"].to_pylist() == pytest.approx([0, 1], abs=1e-5)
    text = LLM + "2024-05-10 00:00:00.500000+00:00,1,2\n2024-05-10 00:00:01+00:00,1,2\n"
    assert read("azure-llm", tmp_path, text).table["submit_s"].to_pylist() == pytest.approx([0, 0.5], abs=1e-5)


def test_swf_leaves_minus_one_unknown(tmp_path: Path):
    (row,) = read("swf", tmp_path, "1 0 -1 10 4 -1 -1 -1 -1 -1 1 -1 4 -1 2 -1 -1 -1\n").table.to_pylist()
    assert [row[name] for name in ("memory_gb", "estimate_s", "user", "gpus")] == [None] * 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alibaba2018", "1,2\n"),
        ("azure-llm", "a,b\n1,2\n"),
        ("google2011", "1,2\n"),
        ("wfcommons", "[]"),
        ("gaia", "a\n1\n"),
    ],
)
def test_another_schema_is_refused_by_file(name: str, text: str, tmp_path: Path):
    with pytest.raises(InputError, match=str(tmp_path / "file")):
        read(name, tmp_path, text)


def test_azures_vmtable_has_eleven_columns(tmp_path: Path):
    (row,) = read("azure-vm", tmp_path, VM.format(0, 300, 900, 2, 4)).table.to_pylist()
    assert (row["job_id"], row["submit_s"], row["duration_s"], row["cpus"]) == ("vm-0", 300, 600, 2)


def test_azures_open_bucket_is_unknown(tmp_path: Path):
    text = "a,s,d,300,900,9,5,8,Interactive,>24,>64\n"
    (row,) = read("azure-vm", tmp_path, text).table.to_pylist()
    assert (row["cpus"], row["memory_gb"]) == (None, None)


def test_azures_vm_that_is_deleted_within_the_trace_is_not_censored(tmp_path: Path):
    text = "a,s,d,300,900,9,5,8,Interactive,2,4\n"
    assert read("azure-vm", tmp_path, text).table["censored"].to_pylist() == [False]


def test_a_gpu_pod_runs_from_when_it_was_scheduled(tmp_path: Path):
    assert read("alibaba-gpu2023", tmp_path, PODS).table["duration_s"].to_pylist()[:2] == [1000, 700]


def test_a_gpu_pod_that_stayed_pending_has_no_duration(tmp_path: Path):
    assert read("alibaba-gpu2023", tmp_path, PODS).table["duration_s"].to_pylist()[2] is None


def test_a_gpu_pod_keeps_its_wait_quality_of_service_and_status(tmp_path: Path):
    row = read("alibaba-gpu2023", tmp_path, PODS).table.to_pylist()[1]
    assert (row["wait_s"], row["lifetime_s"], row["qos"], row["status"]) == (300, 1000, "BE", "Succeeded")


def test_google_2011_knows_no_duration_of_what_began_before_the_trace(tmp_path: Path):
    assert len(read("google2011", tmp_path, events_2011((0, 0), (0, 1), (700, 4))).table) == 0


def test_google_2011_knows_no_duration_of_what_ended_after_the_trace(tmp_path: Path):
    text = events_2011((600, 0), (610, 1)) + f"{2**63 - 1},,7,0,,4,u,2,9,0.5,0.25,0,0\n"
    assert len(read("google2011", tmp_path, text).table) == 0


def test_googles_machine_size_has_to_be_a_number(tmp_path: Path):
    with pytest.raises(InputError):
        read("google2011", tmp_path, events_2011(*RAN), machine_cpus="many")


def test_google_2019_leaves_out_reservations(tmp_path: Path):
    assert len(read("google2019", tmp_path, events_2019(collection_type="1")).table) == 0


def test_google_2019_refuses_rows_without_its_fields(tmp_path: Path):
    with pytest.raises(InputError):
        read("google2019", tmp_path, '{"a": 1}\n')


@pytest.mark.parametrize(
    ("name", "text"), [("google2019", events_2019()), ("swf", SWF.format(1, 100, 60, 1))], ids=["google2019", "swf"]
)
def test_a_trace_may_be_gzipped(name: str, text: str, tmp_path: Path):
    assert len(read(name, tmp_path, gzip.compress(text.encode()), "trace.gz").table) == 1


def test_swf_counts_a_checkpointed_job_once(tmp_path: Path):
    text = SWF.format(1, 100, 60, 1) + SWF.format(1, 100, 30, 2) + SWF.format(1, 130, 30, 3)
    assert read("swf", tmp_path, text).table["duration_s"].to_pylist() == [60]


def test_wfcommons_1_4_is_read(tmp_path: Path):
    task = {"name": "a", "id": "1", "parents": [], "runtimeInSeconds": 2, "cores": 1, "files": []}
    content = {"schemaVersion": "1.4", "workflow": {"tasks": [task]}}
    assert read("wfcommons", tmp_path, json.dumps(content)).table["duration_s"].to_pylist() == [2]


def test_a_workflows_file_of_unknown_size_makes_the_sum_unknown(tmp_path: Path):
    made = read("wfcommons", tmp_path, workflow(inputFiles=["f", "unlisted"]))
    assert made.table["input_bytes"].to_pylist() == [None]


def test_a_workflows_parent_that_is_no_task_is_refused(tmp_path: Path):
    with pytest.raises(InputError):
        read("wfcommons", tmp_path, workflow(parents=["9"]))


def test_alibaba_2018_leaves_an_empty_instance_count_unknown(tmp_path: Path):
    assert read("alibaba2018", tmp_path, batch(("M1", ""))).table["n_instances"].to_pylist() == [None]


def test_alibaba_2018_reads_the_precedence_before_a_stage(tmp_path: Path):
    made = read("alibaba2018", tmp_path, batch(("M1_Stg3", "1"), ("R2_1_Stg3", "1")))
    assert [len(deps) for deps in made.table["deps"].to_pylist()] == [0, 1]


def test_alibaba_2018_knows_no_precedence_of_a_name_that_is_cut_off(tmp_path: Path):
    made = read("alibaba2018", tmp_path, batch(("M1", "1"), ("J37_1_2_", "1")))
    assert made.table["deps"].to_pylist() == [[], None]
    assert "1 names are cut off: their precedence is null" in made.report.notes


def test_azure_llm_leaves_an_empty_token_count_unknown(tmp_path: Path):
    made = read("azure-llm", tmp_path, LLM + "2023-11-16 18:17:03.9799600,,10\n")
    assert made.table["prompt_tokens"].to_pylist() == [None]


def test_google_2011_knows_no_submission_of_what_was_resubmitted_but_came_before_the_trace(tmp_path: Path):
    made = read("google2011", tmp_path, events_2011((0, 0), (605, 0), *RAN[1:]))
    assert made.report.dropped == {"began before the trace, or ended after it": 1}


def test_google_2019_may_spell_its_codes_out_and_refuses_one_that_it_does_not_know(tmp_path: Path):
    text = events_2019(collection_type="ALLOC_SET").replace('"type": 0', '"type": "SUBMIT"')
    assert read("google2019", tmp_path, text).report.dropped == {"a reservation (alloc set), not a task": 1}
    with pytest.raises(InputError, match="column 'type', row 2: found 'BEGIN', expected a number"):
        read("google2019", tmp_path, events_2019().replace('"type": 3', '"type": "BEGIN"'))


def test_wfcommons_1_4_names_its_parents_and_sums_the_files_of_a_task(tmp_path: Path):
    files = [{"link": "input", "name": "x", "sizeInBytes": 3}, {"link": "input", "name": "y", "sizeInBytes": 4},
             {"link": "output", "name": "z"}]  # fmt: skip
    tasks = [{"name": "a", "id": "1", "parents": []}, {"name": "b", "id": "2", "parents": ["a"], "files": files}]
    row = read(
        "wfcommons", tmp_path, json.dumps({"schemaVersion": "1.4", "workflow": {"tasks": tasks}})
    ).table.to_pylist()[1]
    assert (row["task_id"], row["deps"], row["input_bytes"], row["output_bytes"]) == ("2", ["1"], 7, None)


def test_another_schema_of_wfcommons_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"schemaVersion is '1.2', expected 1.4, 1.5, 1.6"):
        read("wfcommons", tmp_path, workflow().replace('"1.5"', '"1.2"'))


def test_alibaba_2018_knows_no_precedence_of_a_name_as_long_as_the_trace_can_hold(tmp_path: Path):
    """50 characters: its last number may have lost a digit."""
    name = "J90_" + "_".join(str(n) for n in range(10, 25)) + "_1"
    made = read("alibaba2018", tmp_path, batch(("M1", "1"), (name + "2" * (50 - len(name)), "1")))
    assert made.table["deps"].to_pylist()[1] is None


def test_alibaba_2018_keeps_whole_graphs_alone_if_asked(tmp_path: Path):
    """j_1 lacks task 9, j_2 lost a task that failed, j_3 is whole."""
    row = "{},1,{},1,{},10,20,100,0.5\n"
    tasks = [("M1", 1, "Terminated"), ("R2_9", 1, "Terminated"), ("M1", 2, "Terminated"), ("R2_1", 2, "Failed"),
             ("M1", 3, "Terminated"), ("R2_1", 3, "Terminated")]  # fmt: skip
    text = "".join(row.format(name, f"j_{job}", status) for name, job, status in tasks)
    made = read("alibaba2018", tmp_path, text, graphs="whole")
    assert made.table["dag_id"].to_pylist() == ["j_3", "j_3"]
    assert made.report.dropped == {"status is not Terminated": 1, "of a job whose graph is not whole": 3}


def test_alibaba_2018_leaves_out_what_began_before_the_trace_and_reads_no_invalid_memory(tmp_path: Path):
    text = "M1,1,j_1,1,Terminated,0,20,100,0.5\nM1,1,j_2,1,Terminated,10,20,100,101\n"
    made = read("alibaba2018", tmp_path, text)
    assert (made.table["dag_id"].to_pylist(), made.table["mem_norm_pct"].to_pylist()) == (["j_2"], [None])


def test_a_gpu_pod_that_was_still_running_is_censored_and_one_deleted_too_early_has_no_duration(tmp_path: Path):
    made = read("alibaba-gpu2023", tmp_path, PODS + "p3,1,1,0,0,,BE,Failed,400,410,420\n")
    assert made.table["censored"].to_pylist() == [True, False, False, False]
    assert made.table["duration_s"].to_pylist()[3] is None
    assert "1 pods were deleted before they were scheduled: their duration is null" in made.report.notes


def test_the_end_of_another_vm_trace_can_be_given(tmp_path: Path):
    made = read("azure-vm", tmp_path, VM.format(0, 300, 900, 2, 4), end_s="900")
    assert made.table["censored"].to_pylist() == [True]


def test_azure_llm_minds_the_zone_behind_a_fraction(tmp_path: Path):
    made = read("azure-llm", tmp_path, LLM + "2024-05-10 02:00:00.500000+02:00,1,2\n")
    assert made.table["ts"].to_pylist()[0].hour == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("swf", SWF.format(1, 100, 60, 1) * 2),
        ("azure-vm", VM.format(0, 300, 900, 2, 4) * 2),
        ("alibaba-gpu2023", PODS + "p1,1,1,0,0,,BE,Failed,400,420,410\n"),
    ],
)
def test_a_job_that_stands_twice_is_refused(name: str, text: str, tmp_path: Path):
    with pytest.raises(InputError, match="stands twice; expected each once"):
        read(name, tmp_path, text)
