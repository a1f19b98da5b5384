import schemathesis, asyncio, pytest
from hypothesis import settings, HealthCheck
from tests.scoring.conftest import *
from tests.scoring.client import *
from tests.scoring.events import *
from shared.contracts.monitoring import Verdict
from shared.http.openapi import operations
async def test_fuzz(scoring, feed, service):
    import random
    await scoring.add(full(OSH)); live = await scoring.open(); p = await scoring.publish_now(live["id"])
    doc = service.runtime.document
    schema = schemathesis.openapi.from_dict(doc)
    n=0; bad=[]
    tok = service.headers("scoring:methods:write","scoring:observations:write","scoring:runs:publish", org=scoring.organisation, roles=("analyst",))
    cases=[]
    for op in schema.get_all_operations():
        op = op.ok()
        if op.path in ("/v1/changes","/v1/methods","/v1/methods/{code}/versions/{number}"): continue
        from hypothesis import given
        @settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck), deadline=None)
        @given(case=op.as_strategy())
        def collect(case): cases.append(case)
        try: collect()
        except Exception as e: print("gen", op.method, op.path, type(e), str(e)[:200])
    for case in cases:
        kw = case.as_transport_kwargs(base_url="http://scoring")
        kw.pop("cookies",None)
        h = dict(kw.get("headers") or {}); h.update(tok); kw["headers"]={k:v for k,v in h.items()}
        try: r = await service.client.request(**kw)
        except Exception as e: 
            continue
        n+=1
        if r.status_code>=500: bad.append((kw.get("method"),kw.get("url"),r.status_code,r.text[:300], str(kw)[:600]))
        elif r.status_code>=400 and "problem+json" not in r.headers.get("content-type",""): bad.append(("ct",kw.get("url"),r.status_code))
    print(n, len(bad)); 
    for b in bad[:10]: print(b)
