from tests.ideas_market.search.crowd import fill
from tests.ideas_market.world import *
from shared.search import parse_query
from services.ideas_market.search import repository
from services.ideas_market.search.conditions import Filters
class Exp:
    def __init__(self,c): self.c=c
    async def fetch(self, sql,*v):
        for r in await self.c.fetch("EXPLAIN (ANALYZE, BUFFERS) "+sql,*v): print(r[0])
        return []
    async def fetchval(self, sql,*v):
        return await self.fetch(sql,*v)
    def __getattr__(self,n): return getattr(self.c,n)
async def test_tmp(market):
    await fill(market, 4000)
    p=market.database.pool
    print(await p.fetchrow("select relpages, reltuples from pg_class where relname='idea'"))
    q=parse_query("мектептерге"); print(q.tsquery)
    async with p.acquire() as c:
        await repository.matching(Exp(c), Filters(), q.tsquery, None, 51)
        await repository.latest(Exp(c), Filters(), "", None, 51)
        await repository.similar(Exp(c), Filters(), ["мектпеп"], "", None, 51)
        print(await c.fetchval("select word_similarity('плащадки','детская площадка во дворе')"), await c.fetch("select show_trgm('плащадки'), show_trgm('площадка')"))
